import type { ServerApp } from "../http/create-app.ts";
import type { RouteParts } from "../server-parts.ts";

/** The OpenAPI document of what the app routes. */
export function buildDocument(app: ServerApp, version: string) {
  app.openAPIRegistry.registerComponent("securitySchemes", "key", { type: "http", scheme: "bearer" });
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "agent-worker task server", version },
    security: [{ key: [] }],
  });
}

/** Last, when all routes are there. */
export function addDocument(app: ServerApp, { settings }: RouteParts): void {
  let document: ReturnType<typeof buildDocument> | undefined;
  app.get("/openapi.json", (context) => {
    document ??= buildDocument(app, settings.version);
    return context.json(document);
  });
}
