import { writeFileSync } from "node:fs";
import { startTestServer } from "../test/support/task-server.ts";

/** What docs/openapi.json holds: the document as the server serves it. */
export async function renderDocument(): Promise<string> {
  await using server = await startTestServer();
  const answer = await server.request("/openapi.json");

  return `${JSON.stringify(await answer.json(), null, 2)}\n`;
}

if (import.meta.main) writeFileSync("docs/openapi.json", await renderDocument());
