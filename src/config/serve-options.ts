import { quote } from "../util/quote.ts";
import { buildEnvironment, buildFlag, defineOption } from "./option.ts";
import type { Parsed } from "./option.ts";
import * as parsers from "./parsers.ts";

/** What `serve` is told beside the settings of the runs that it carries out. */
export const serveOptions = {
  host: defineOption({
    key: "serve.host",
    description: "the address to listen on; one that is not loopback needs keys",
    group: "Task server",
    flags: [buildFlag("--host", "ADDRESS")],
    environment: buildEnvironment("AGENT_WORKER_HOST"),
    files: "global",
    parse: parsers.parseWord,
    defaultText: "127.0.0.1",
  }),
  port: defineOption({
    key: "serve.port",
    description: "the port to listen on; 0 is any free one",
    group: "Task server",
    flags: [buildFlag("--port", "N")],
    environment: buildEnvironment("AGENT_WORKER_PORT"),
    files: "global",
    parse: parsePort,
    defaultText: "8000",
  }),
  publicHosts: defineOption({
    key: "serve.publicHost",
    description: "a name under which the server is reached beside its address, such as that of a proxy before it",
    group: "Task server",
    flags: [buildFlag("--public-host", "NAME")],
    environment: buildEnvironment("AGENT_WORKER_PUBLIC_HOST"),
    files: "global",
    parse: parseHostName,
    repeatable: true,
    defaultNote: "none",
  }),
  dataDirectory: defineOption({
    key: "serve.dataDir",
    description: "where tasks, repositories and conversations are kept",
    group: "Task server",
    flags: [buildFlag("--data-dir", "DIR")],
    environment: buildEnvironment("AGENT_WORKER_DATA_DIR"),
    files: "global",
    parse: parsers.parsePath,
    defaultNote: "`server` in the directory of runs",
  }),
  concurrency: defineOption({
    key: "serve.concurrency",
    description: "how many tasks run at once",
    group: "Task server",
    flags: [buildFlag("--concurrency", "N")],
    environment: buildEnvironment("AGENT_WORKER_CONCURRENCY"),
    files: "global",
    parse: parsers.parseInteger(1, "4"),
    defaultText: "2",
  }),
  warm: defineOption({
    key: "serve.warm",
    description: "how many agents may be started and waiting for a task",
    group: "Task server",
    flags: [buildFlag("--warm", "N")],
    environment: buildEnvironment("AGENT_WORKER_WARM"),
    files: "global",
    parse: parsers.parseInteger(0, "1"),
    defaultText: "0",
  }),
  queueLimit: defineOption({
    key: "serve.queueLimit",
    description: "how many tasks may wait, over all keys",
    group: "Task server",
    flags: [buildFlag("--queue-limit", "N")],
    environment: buildEnvironment("AGENT_WORKER_QUEUE_LIMIT"),
    files: "global",
    parse: parsers.parseInteger(1, "1000"),
    defaultText: "1000",
  }),
  workspaceRoots: defineOption({
    key: "serve.workspaceRoot",
    description: "a directory below which tasks may name repositories by path",
    group: "Task server",
    flags: [buildFlag("--workspace-root", "DIR")],
    environment: buildEnvironment("AGENT_WORKER_WORKSPACE_ROOT"),
    files: "global",
    parse: parsers.parsePath,
    repeatable: true,
    defaultNote: "none: refused",
  }),
  urlHosts: defineOption({
    key: "serve.urlHost",
    description: "a host that tasks may name repositories of by url",
    group: "Task server",
    flags: [buildFlag("--url-host", "NAME")],
    environment: buildEnvironment("AGENT_WORKER_URL_HOST"),
    files: "global",
    parse: parseHostName,
    repeatable: true,
    defaultNote: "none: refused",
  }),
  drainTimeout: defineOption({
    key: "serve.drainTimeout",
    description:
      "how long running tasks may go on when the server is told to stop; then they are handed back to the queue",
    group: "Task server",
    flags: [buildFlag("--drain-timeout", "DURATION")],
    environment: buildEnvironment("AGENT_WORKER_DRAIN_TIMEOUT"),
    files: "global",
    parse: parsers.parseDurationMs,
    defaultText: "30s",
  }),
  keep: defineOption({
    key: "serve.keep",
    description: "how long tasks that have ended are kept, and conversations that nobody continues",
    group: "Task server",
    flags: [buildFlag("--keep", "DURATION")],
    environment: buildEnvironment("AGENT_WORKER_KEEP"),
    files: "global",
    parse: parsers.parseDurationMs,
    defaultText: "30d",
  }),
  keysFile: defineOption({
    key: "serve.keysFile",
    description: "file with a line name:key or name:key:expiry for each who may use the server; read anew on SIGHUP",
    group: "Task server",
    flags: [buildFlag("--keys-file", "FILE")],
    environment: buildEnvironment("AGENT_WORKER_KEYS_FILE"),
    files: "global",
    parse: parsers.parsePath,
    defaultNote: "none",
  }),
  keys: defineOption({
    key: "serve.keys",
    description: "keys of the server: name:key,name:key",
    group: "Task server",
    environment: buildEnvironment("AGENT_WORKER_SERVER_KEYS"),
    files: "global",
    parse: parseKeyList,
    secret: true,
    defaultNote: "none: loopback only",
  }),
};

function parsePort(text: string): Parsed<number> {
  const value = Number(text);
  return /^\d{1,5}$/.test(text.trim()) && value <= 65_535
    ? { value }
    : { problem: `${quote(text)} is not a port: use a number from 0 to 65535, for example 8000` };
}

/** Without a port; in lower case. */
function parseHostName(text: string): Parsed<string> {
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text)
    ? { value: text.toLowerCase() }
    : { problem: `${quote(text)} is not the name of a host, for example git.example.org` };
}

/** What it holds is the server's to judge. Never says what the text is. */
function parseKeyList(text: string): Parsed<string> {
  return text.includes(":") ? { value: text } : { problem: "must be name:key, several separated by commas" };
}
