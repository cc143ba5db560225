import { describe, expect, it } from "vitest";
import { runReportSchema } from "../../src/core/run-report.ts";
import { makeRepository } from "../support/repository.ts";
import { runRemoteGit } from "../support/remote-git.ts";
import { pushBase, submitTask, waitForEnd } from "../support/submit.ts";
import { startTestServer, testKeys } from "../support/task-server.ts";

describe("a task", () => {
  it("goes from a push to a commit that can be fetched, with events, report and diff", async () => {
    using repository = makeRepository();
    await using server = await startTestServer();
    const base = await pushBase(server, repository);
    const submitted = await submitTask(server, base);
    expect(submitted).toMatchObject({ state: "queued", title: "Add a file", attempt: 0, outcome: null });
    const ended = await waitForEnd(server, submitted.id);
    expect(ended).toMatchObject({ state: "succeeded", outcome: "succeeded", base, attempt: 1 });
    const report = await server.request(`/api/v1/tasks/${ended.id}/report`);
    expect(runReportSchema.parse(await report.json())).toMatchObject({ outcome: "succeeded" });
    const diff = await server.request(`/api/v1/tasks/${ended.id}/diff`);
    expect(diff.headers.get("Content-Type")).toBe("text/x-diff; charset=utf-8");
    expect(await diff.text()).toContain("+Add a file");
    const remote = `${server.url}/api/v1/repositories/app.git`;
    const fetched = await runRemoteGit(repository.path, ["fetch", remote, `refs/tasks/${ended.id}`]);
    expect(fetched).toMatchObject({ exitCode: 0 });
    expect(repository.git("rev-parse", "FETCH_HEAD")).toBe(ended.commit);
    const refs = await runRemoteGit(repository.path, ["ls-remote", remote]);
    expect(refs.stdout).toBe(`${ended.commit}\trefs/tasks/${ended.id}\n`);
    const other = await runRemoteGit(repository.path, ["ls-remote", remote], { key: testKeys.bob });
    expect(other.exitCode).not.toBe(0);
  });
});
