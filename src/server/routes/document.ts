import { apiVersion } from "../../protocol/server-info.ts";
import type { ServerApp } from "../http/create-app.ts";

/** The OpenAPI document of what the app routes, made of the schemas that validate. Last, when all routes are there. */
export function addDocument(app: ServerApp): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "key", { type: "http", scheme: "bearer" });
  const describe = () =>
    app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: { title: "agent-worker task server", version: String(apiVersion) },
      security: [{ key: [] }],
    });
  let document: ReturnType<typeof describe> | undefined;
  app.get("/openapi.json", (context) => context.json((document ??= describe())));
}
