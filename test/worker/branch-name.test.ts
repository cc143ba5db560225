import { expect, it } from "vitest";
import { buildBranchName } from "../../src/worker/branch-name.ts";

const runId = "01M7XFKHAER24Z0059JSNFK3H6";

it.each([
  ["Upgrade eslint to 9 and fix what breaks", "agent/upgrade-eslint-to-9-and-fix-what-breaks-nfk3h6"],
  ["Äpfel & Öl: naïve", "agent/apfel-ol-naive-nfk3h6"],
  ["-rf ../../.git/config.lock", "agent/rf-git-config-lock-nfk3h6"],
  ["日本語", "agent/task-nfk3h6"],
  ["", "agent/task-nfk3h6"],
  ["a".repeat(100), `agent/${"a".repeat(40)}-nfk3h6`],
  [`${"a".repeat(39)} b`, `agent/${"a".repeat(39)}-nfk3h6`],
])("the branch for %j is named %s", (title, name) => {
  expect(buildBranchName(title, runId)).toBe(name);
});
