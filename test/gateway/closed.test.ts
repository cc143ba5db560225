import { expect, it } from "vitest";
import { ask, openTestGateway, openTestUpstream } from "./support.ts";

it("lets nothing through as long as it is closed, and says what was tried", async () => {
  await using upstream = await openTestUpstream((_request, response) => response.writeHead(200).end("{}"));
  let isOpen = false;
  await using opened = await openTestGateway(upstream.url, { isOpen: () => isOpen });
  const call = { path: "/v1/messages", body: "{}" };
  const refused = await ask(opened.socketPath, call);
  expect(refused).toMatchObject({ status: 403, body: expect.stringContaining("there is no task yet") });
  expect(upstream.requests).toEqual([]);
  isOpen = true;
  expect(await ask(opened.socketPath, call)).toMatchObject({ status: 200 });
  expect(await opened.audited(2)).toMatchObject([
    { path: "/v1/messages", decision: "deny", status: 403 },
    { path: "/v1/messages", decision: "allow", status: 200 },
  ]);
});
