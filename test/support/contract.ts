import { Ajv2020 } from "ajv/dist/2020.js";
import type { TestRequest, TestServer } from "./task-server.ts";

export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: object;
}

interface ApiOperation {
  readonly responses: Readonly<Record<string, ApiResponse>>;
}

interface ApiResponse {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

/** Compares answers with what the document says of them. */
export class Contract {
  /** `GET /health 200`, for each answer so far. */
  readonly seen = new Set<string>();
  readonly #document: ApiDocument;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });

  constructor(document: ApiDocument) {
    this.#document = document;
    this.#ajv.addSchema({ $id: "document", components: document.components });
  }

  /** Throws where the answer to `[method, path of the document, url]` is not as the document says. */
  async check(server: TestServer, [method, path, url]: readonly [string, string, string], init: TestRequest = {}) {
    const answer = await server.request(url, { method, ...init });
    const place = `${method} ${path} ${answer.status}`;
    this.seen.add(place);
    const operation = this.#document.paths[path]?.[method === "HEAD" ? "get" : method.toLowerCase()];
    const described = operation?.responses[String(answer.status)];
    const body = await answer.clone().text();
    if (described === undefined) throw new Error(`${place} is not in the document: ${body}`);
    const problem = this.#explain(described, answer, body);
    if (problem !== null) throw new Error(`${place}: ${problem}`);
    return answer;
  }

  /** What is wrong; null: nothing. */
  #explain({ content }: ApiResponse, { headers }: Response, body: string): string | null {
    const type = headers.get("Content-Type")?.split(";", 1).join("") ?? "none";
    if (content === undefined) return body === "" ? null : "has a body";
    const schema = content[type]?.schema;
    if (schema === undefined) return `${type} is not in the document`;
    if (body === "" || !/[/+]json$/.test(type)) return null;
    const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"document#/'));
    return this.#ajv.validate(absolute, JSON.parse(body)) ? null : this.#ajv.errorsText();
  }
}
