import { expect, it } from "vitest";
import { renderText } from "../../src/report/render-text.ts";
import { samples } from "./samples.ts";

it("says in 80 columns that a run ended as succeeded", () => {
  expect(renderText(samples.succeeded, { width: 80 })).toMatchInlineSnapshot(`
    "✓ Succeeded  Upgrade eslint to 9 and fix what breaks

      Branch   agent/upgrade-eslint-to-9-5N1RC0 at 3f9c2ab, 2 commits on main
      Changes  10 files  +222 -125
               M package.json                                         8 +-
               A eslint.config.js                                    58 ++++
               D .eslintrc.json                                      41 ---
               M src/components/n…hOverflowMenuAndTooltip.test.tsx   21 +-
               R src/rules.ts → src/lint/rules.ts                     4 +-
               M docs/lint.png                                      bin
               M src/app.ts                                           2 +-
               M src/server.ts                                      184 +++++++----
               … and 2 more
      Agent    claude 2.1.329, claude-sonnet-5, 14 turns
      Tokens   12.3k in, 2.1k out, 180k from cache, 9.8k to cache
      Cost     $0.0421
      Time     1m 12s: prepare 0.1s, start 0.4s, agent 1m 10s, import 0.1s
      Run      01M7XDWCGGKCTEQ3CC52S5N1RC
      Warning  The branch changes .github/workflows/ci.yml: look before you push
               (WORKFLOW_CHANGED)

      git diff 1a2b3c4d5e..agent/upgrade-eslint-to-9-5N1RC0
      git switch agent/upgrade-eslint-to-9-5N1RC0
    "
  `);
});

it("says in 80 columns that a run ended as no changes", () => {
  expect(renderText(samples.no_changes, { width: 80 })).toMatchInlineSnapshot(`
    "○ No changes  Upgrade eslint to 9 and fix what breaks

      Branch   none, since nothing was changed
      Agent    claude 2.1.329, claude-sonnet-5, 14 turns
      Tokens   12.3k in, 2.1k out, 180k from cache, 9.8k to cache
      Cost     $0.0421
      Time     1m 12s: prepare 0.1s, start 0.4s, agent 1m 10s, import 0.1s
      Run      01M7XDWCGGKCTEQ3CC52S5N1RC

      agent-worker runs logs 01M7XDWCGGKCTEQ3CC52S5N1RC
    "
  `);
});

it("says in 80 columns that a run ended as failed", () => {
  expect(renderText(samples.failed, { width: 80 })).toMatchInlineSnapshot(`
    "✗ Failed  Upgrade eslint to 9 and fix what breaks

      Reason   The agent ended with an error: API Error: 400 messages.3: the tool
               result is missing (AGENT_ERROR)
               The branch holds what was done until then. Read the log, then run the
               task again.
      Branch   agent/upgrade-eslint-to-9-5N1RC0 at 3f9c2ab, 1 commit on main,
               partial work
      Changes  1 file  +58 -0
               A eslint.config.js  58 +++++++++++
      Agent    claude 2.1.329, claude-sonnet-5, 14 turns
      Tokens   12.3k in, 2.1k out, 180k from cache, 9.8k to cache
      Cost     $0.0421
      Time     1m 12s: prepare 0.1s, start 0.4s, agent 1m 10s, import 0.1s
      Run      01M7XDWCGGKCTEQ3CC52S5N1RC

      agent-worker runs logs 01M7XDWCGGKCTEQ3CC52S5N1RC
      git diff 1a2b3c4d5e..agent/upgrade-eslint-to-9-5N1RC0
    "
  `);
});

it("says in 80 columns that a run ended as limited", () => {
  expect(renderText(samples.limited, { width: 80 })).toMatchInlineSnapshot(`
    "! Limit reached  Upgrade eslint to 9 and fix what breaks

      Reason   The agent reached its limit of 20 turns (LIMIT_TURNS)
      Branch   agent/upgrade-eslint-to-9-5N1RC0 at 3f9c2ab, 1 commit on main,
               partial work
      Changes  1 file  +58 -0
               A eslint.config.js  58 +++++++++++
      Agent    claude 2.1.329, claude-sonnet-5, 14 turns
      Tokens   12.3k in, 2.1k out, 180k from cache, 9.8k to cache
      Cost     $0.0421
      Time     1m 12s: prepare 0.1s, start 0.4s, agent 1m 10s, import 0.1s
      Run      01M7XDWCGGKCTEQ3CC52S5N1RC

      agent-worker runs logs 01M7XDWCGGKCTEQ3CC52S5N1RC
      git diff 1a2b3c4d5e..agent/upgrade-eslint-to-9-5N1RC0
    "
  `);
});

it("says in 80 columns that a run ended as unavailable", () => {
  expect(renderText(samples.unavailable, { width: 80 })).toMatchInlineSnapshot(`
    "✗ Unavailable  Upgrade eslint to 9 and fix what breaks

      Reason   No Docker engine answers at unix:///var/run/docker.sock: connection
               refused (ENGINE_UNAVAILABLE)
               Start it: sudo systemctl start docker
      Branch   none
      Agent    claude, not started
      Time     1m 12s: prepare 0.1s
      Run      01M7XDWCGGKCTEQ3CC52S5N1RC

      agent-worker doctor
      agent-worker runs logs 01M7XDWCGGKCTEQ3CC52S5N1RC
    "
  `);
});

it("says in 80 columns that a run ended as unpublished", () => {
  expect(renderText(samples.unpublished, { width: 80 })).toMatchInlineSnapshot(`
    "! Not published  Upgrade eslint to 9 and fix what breaks

      Reason   The branch agent/upgrade-eslint-to-9-5N1RC0 was moved to 9a8b7c6d5e4f
               during the run (BRANCH_MOVED)
               The work is kept: make a branch of it.
      Branch   kept at refs/agent-worker/01M7XDWCGGKCTEQ3CC52S5N1RC,
               2 commits on main
      Changes  10 files  +222 -125
               M package.json                                         8 +-
               A eslint.config.js                                    58 ++++
               D .eslintrc.json                                      41 ---
               M src/components/n…hOverflowMenuAndTooltip.test.tsx   21 +-
               R src/rules.ts → src/lint/rules.ts                     4 +-
               M docs/lint.png                                      bin
               M src/app.ts                                           2 +-
               M src/server.ts                                      184 +++++++----
               … and 2 more
      Agent    claude 2.1.329, claude-sonnet-5, 14 turns
      Tokens   12.3k in, 2.1k out, 180k from cache, 9.8k to cache
      Cost     $0.0421
      Time     1m 12s: prepare 0.1s, start 0.4s, agent 1m 10s, import 0.1s
      Run      01M7XDWCGGKCTEQ3CC52S5N1RC

      git diff 1a2b3c4d5e..refs/agent-worker/01M7XDWCGGKCTEQ3CC52S5N1RC
      git branch NEW-NAME refs/agent-worker/01M7XDWCGGKCTEQ3CC52S5N1RC
    "
  `);
});

it("says in 80 columns that a run ended as timed out", () => {
  expect(renderText(samples.timed_out, { width: 80 })).toMatchInlineSnapshot(`
    "✗ Timed out  Upgrade eslint to 9 and fix what breaks

      Reason   The time limit of 30m was reached (TIMEOUT_WALL)
               Raise --timeout.
      Branch   agent/upgrade-eslint-to-9-5N1RC0 at 3f9c2ab, 1 commit on main,
               partial work
      Changes  1 file  +58 -0
               A eslint.config.js  58 +++++++++++
      Agent    claude 2.1.329, claude-sonnet-5, 14 turns
      Tokens   12.3k in, 2.1k out, 180k from cache, 9.8k to cache
      Cost     $0.0421
      Time     1m 12s: prepare 0.1s, start 0.4s, agent 1m 10s, import 0.1s
      Run      01M7XDWCGGKCTEQ3CC52S5N1RC

      agent-worker runs logs 01M7XDWCGGKCTEQ3CC52S5N1RC
      git diff 1a2b3c4d5e..agent/upgrade-eslint-to-9-5N1RC0
    "
  `);
});

it("says in 80 columns that a run ended as cancelled", () => {
  expect(renderText(samples.cancelled, { width: 80 })).toMatchInlineSnapshot(`
    "○ Cancelled  Upgrade eslint to 9 and fix what breaks

      Reason   Cancelled by SIGINT (CANCELLED)
               The branch holds what was done until then.
      Branch   agent/upgrade-eslint-to-9-5N1RC0 at 3f9c2ab, 1 commit on main,
               partial work
      Changes  1 file  +58 -0
               A eslint.config.js  58 +++++++++++
      Agent    claude 2.1.329, claude-sonnet-5, 14 turns
      Tokens   12.3k in, 2.1k out, 180k from cache, 9.8k to cache
      Cost     $0.0421
      Time     1m 12s: prepare 0.1s, start 0.4s, agent 1m 10s, import 0.1s
      Run      01M7XDWCGGKCTEQ3CC52S5N1RC

      agent-worker runs logs 01M7XDWCGGKCTEQ3CC52S5N1RC
      git diff 1a2b3c4d5e..agent/upgrade-eslint-to-9-5N1RC0
    "
  `);
});

it("keeps the lines of a reason that has several", () => {
  const reason = {
    code: "ENGINE_UNAVAILABLE",
    message: "No engine answers. Tried:\n  Docker: no such file",
    hint: null,
  };
  const text = renderText({ ...samples.unavailable, reason }, { width: 80 });
  expect(text).toContain("Reason   No engine answers. Tried:\n");
  expect(text).toMatch(/^ +Docker: no such file/m);
});
