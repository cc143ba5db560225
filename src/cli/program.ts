import { Command, CommanderError, Help } from "commander";
import { WorkerError } from "../core/worker-error.ts";
import { declareCommands } from "./commands.ts";
import type { Declaring } from "./declaring.ts";
import type { CliContext } from "./context.ts";
import { environmentHelp, examples, exitCodes } from "./help-texts.ts";
import { toUsageError } from "./usage-error.ts";
import { readVersion } from "./version.ts";

/** Carries out a command line (without node and script). Answers the exit code; throws a WorkerError where it is wrong. */
export async function runProgram(argv: readonly string[], context: CliContext): Promise<number> {
  const ending = { exitCode: 0 };
  const output = watchOutput(context);
  const program = createProgram({ context, ending, argv });
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    // --help and --version have done their work.
    if (!(error instanceof CommanderError && error.exitCode === 0)) throw error;
  }
  if (output.error !== null) throw toOutputError(output.error);
  return ending.exitCode;
}

/** A reader that goes away (`| head -1`) ends the output and not the program, nor does a full disk, but that is told. */
function watchOutput({ stdout, stderr }: CliContext): { readonly error: Error | null } {
  const seen: { error: Error | null } = { error: null };
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") seen.error ??= error;
  });
  // Progress that nobody can see keeps nobody from working.
  stderr.on("error", () => {});
  return seen;
}

function toOutputError(cause: Error): WorkerError {
  return new WorkerError("DISK_FULL", `The output could not be written: ${cause.message}`, {
    hint: "The report of a run is kept: agent-worker runs show latest",
    cause,
  });
}

/** Declares everything; commands set `ending.exitCode`. Loads nothing but the declarations, since --help must be quick. */
function createProgram(declaring: Declaring): Command {
  const program = new Command("agent-worker");
  const { stdout, stderr } = declaring.context;
  program
    .description("Gives a coding task to a coding agent and hands back a git branch you can trust.")
    .usage('--task "..." [options]\n       agent-worker COMMAND [options]')
    .helpOption("-h, --help", "show this help")
    .option("-V, --version", "show the version")
    .on("option:version", () => {
      stdout.write(`${readVersion()}\n`);
      throw new CommanderError(0, "commander.version", "version");
    })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      // Errors are thrown on as WorkerErrors; main prints those.
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(stdout.columns ?? 120, 120),
      getErrHelpWidth: () => Math.min(stderr.columns ?? 120, 120),
    });
  const standard = new Help();
  program.configureHelp({
    minWidthToWrap: 20,
    // `run` is the default command: its flags belong to the first page of help.
    visibleOptions: (command) => [
      ...(command === program ? (program.commands[0]?.options ?? []) : []),
      ...standard.visibleOptions(command),
    ],
  });
  declareCommands(program, declaring);
  for (const command of [program, ...program.commands.slice(0, 1)]) {
    command.addHelpText("after", examples + environmentHelp + exitCodes);
  }
  throwUsageErrors(program);
  return program;
}

function throwUsageErrors(command: Command): void {
  command
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : toUsageError(error, command);
    });
  for (const child of command.commands) throwUsageErrors(child);
}
