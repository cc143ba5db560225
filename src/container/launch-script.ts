/** What the container's first program (docker/entry/start.sh) starts, once it has filled the work tree. */
export interface Launch {
  /** Name of the work tree below /workspace. */
  readonly directory: string;
  /** argv of the agent CLI. */
  readonly argv: readonly string[];
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the mounted conversation is put first, without the lines that begin with `omitted`; null: none is continued. */
  readonly continued: { readonly file: string; readonly omitted: string } | null;
}

/** In the directory that is mounted with the sockets. Where it is missing, the work tree is left as it is and nothing is started. */
export const launchScriptName = "agent.sh";

/** Where a conversation that is continued is mounted. */
export const conversationTarget = "/opt/agent-worker/conversation";

/** The part of docker/entry/launch.sh that differs from run to run. Pure. */
export function formatLaunchScript({ directory, argv, environment, continued }: Launch): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  // `signals`: launch.sh sets it, to one word or none.
  const command = ["exec", "setsid", "env", "$signals", "-i", ...[...variables, ...argv].map(quote)].join(" ");
  return [
    `directory=${quote(directory)}`,
    `program=${quote(argv[0] ?? "")}`,
    `put_conversation_back() { ${continued === null ? ":" : formatCopy(continued)}; }`,
    `start_agent() { ${command}; }`,
    "",
  ].join("\n");
}

/** Copied, not linked: the CLI goes on writing to it. A line need not be text. */
function formatCopy({ file, omitted }: NonNullable<Launch["continued"]>): string {
  const directory = file.slice(0, file.lastIndexOf("/"));
  const pattern = omitted.replaceAll(/[\\/.*^$[\]]/g, String.raw`\$&`);
  const filter = omitted === "" ? "cat" : `LC_ALL=C sed ${quote(`/^${pattern}/d`)}`;
  return `(umask 077 && mkdir -p ${quote(directory)} && ${filter} ${conversationTarget} > ${quote(file)})`;
}

/** For any POSIX shell; `quoteForShell` is for people, and escapes what cannot be shown. */
function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
