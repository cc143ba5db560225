/**
 * Every error the product can name: `exit` is the process's exit code (1 failed, 2 wrong request, 3 limited,
 * 4 unavailable, 5 unpublished, 124 timed out), `retryable` says whether the same command may succeed later,
 * `hint` what to do where nobody at the scene knows better.
 * Each code has a heading in docs/errors.md, held by test/docs.test.ts.
 */
export const errorTable = {
  // The request is wrong: nothing was started.
  USAGE: { exit: 2, retryable: false, hint: "agent-worker --help shows what there is." },
  CONFIG_INVALID: {
    exit: 2,
    retryable: false,
    hint: "agent-worker config shows every setting and where it comes from.",
  },
  TASK_EMPTY: { exit: 2, retryable: false, hint: "Say in words what is to be done." },
  NOT_A_REPOSITORY: { exit: 2, retryable: false, hint: "Name a repository with --repo." },
  REPOSITORY_EMPTY: { exit: 2, retryable: false, hint: "Make a first commit." },
  REPOSITORY_OWNER: {
    exit: 2,
    retryable: false,
    hint: "Declare it safe if you trust it: git config --global --add safe.directory DIR",
  },
  REPOSITORY_PARTIAL: { exit: 2, retryable: false, hint: "Fetch what is missing: git fetch --refetch" },
  BASE_NOT_FOUND: { exit: 2, retryable: false, hint: "git branch --all shows what there is." },
  BRANCH_NAME: { exit: 2, retryable: false, hint: "Choose another name with --branch." },
  BRANCH_EXISTS: {
    exit: 2,
    retryable: false,
    hint: "Choose another name with --branch, or a policy with --on-branch-exists.",
  },
  BRANCH_PREFIX: { exit: 2, retryable: false, hint: "Choose another name with --branch." },
  BRANCH_CHECKED_OUT: {
    exit: 2,
    retryable: false,
    hint: "Choose another name with --branch, or switch that work tree to another branch.",
  },
  AGENT_UNKNOWN: { exit: 2, retryable: false, hint: "agent-worker --help names the agents." },
  CREDENTIAL_MISSING: { exit: 2, retryable: false, hint: "Set ANTHROPIC_API_KEY, or CLAUDE_CODE_OAUTH_TOKEN." },
  RUN_NOT_FOUND: { exit: 2, retryable: false, hint: "agent-worker runs list shows them." },
  SERVER_URL_MISSING: {
    exit: 2,
    retryable: false,
    hint: "Name the task server: --server-url URL, or CLAUDE_SERVER_URL.",
  },
  KEYS_INVALID: { exit: 2, retryable: false, hint: "One line per key: name:key. See docs/server.md." },
  SERVER_KEYS_NEEDED: {
    exit: 2,
    retryable: false,
    hint: "Set AGENT_WORKER_SERVER_KEYS=name:key, or --keys-file FILE.",
  },
  SESSION_UNKNOWN: { exit: 2, retryable: false, hint: "Begin a new conversation: leave the session out." },
  TASK_NOT_FOUND: { exit: 2, retryable: false, hint: "agent-worker runs list shows the runs this machine has sent." },
  REPOSITORY_REFUSED: {
    exit: 2,
    retryable: false,
    hint: "The server's operator decides which repositories it fetches: docs/server.md.",
  },
  // The task failed.
  AGENT_ERROR: {
    exit: 1,
    retryable: false,
    hint: "agent-worker runs logs shows what the agent did; what it had changed is on the branch.",
  },
  AGENT_NO_RESULT: { exit: 1, retryable: true, hint: "Try again; agent-worker runs logs shows where it stopped." },
  AGENT_KILLED: { exit: 1, retryable: true, hint: "Try again; agent-worker runs logs shows where it stopped." },
  AGENT_OUT_OF_MEMORY: { exit: 1, retryable: true, hint: "Raise the limit with --memory." },
  AGENT_REFUSED: { exit: 1, retryable: false, hint: "Say the task in other words." },
  // A limit was reached; partial work is kept.
  LIMIT_TURNS: { exit: 3, retryable: false, hint: "Raise the limit with --max-turns." },
  LIMIT_COST: { exit: 3, retryable: false, hint: "Raise the limit with --max-cost." },
  LIMIT_QUOTA: { exit: 3, retryable: true, hint: "Wait until the quota is renewed, or use another credential." },
  MODEL_RATE_LIMIT: { exit: 3, retryable: true, hint: "Wait and try again, or use another credential." },
  // The surroundings are not there: nothing is wrong with the task.
  GIT_MISSING: { exit: 4, retryable: false, hint: "Install git: sudo apt-get install git" },
  GIT_FAILED: { exit: 4, retryable: true, hint: "Try the git command by hand in that repository." },
  GIT_LOCKED: { exit: 4, retryable: true, hint: "Wait for the other git, or remove the lock file if there is none." },
  DISK_FULL: { exit: 4, retryable: true, hint: "Make room: df -h and docker system df show where it went." },
  STATE_UNWRITABLE: { exit: 4, retryable: false, hint: "Set AGENT_WORKER_STATE_DIR to a directory you can write." },
  ENGINE_UNAVAILABLE: { exit: 4, retryable: true, hint: "agent-worker doctor tells what is missing." },
  ENGINE_REMOTE: { exit: 4, retryable: false, hint: "Use an engine on this machine." },
  ENGINE_FAILED: {
    exit: 4,
    retryable: true,
    hint: "Look at the engine's own log, for example: journalctl -u docker --since -10min",
  },
  IMAGE_BUILD: { exit: 4, retryable: true, hint: "agent-worker image build shows the whole output." },
  IMAGE_NOT_FOUND: { exit: 4, retryable: false, hint: "Check --image; docker images shows what there is." },
  CONTAINER_START: {
    exit: 4,
    retryable: true,
    hint: "With --image: the image needs node 22 or later, git, sh and the agent CLI. See docs/image.md.",
  },
  CONTAINER_LOST: {
    exit: 4,
    retryable: true,
    hint: "Try again; the engine's own log tells why: journalctl -u docker --since -10min",
  },
  WORKSPACE_FAILED: { exit: 4, retryable: true, hint: "Check the repository: git fsck. Then try again." },
  COLLECT_FAILED: { exit: 4, retryable: true, hint: "Try again; agent-worker runs logs shows what the agent did." },
  SELF_TEST: { exit: 4, retryable: false, hint: "Use an engine on this machine that honours network mode none." },
  MODEL_CREDENTIAL: {
    exit: 4,
    retryable: false,
    hint: "Check the credential: ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN.",
  },
  MODEL_OVERLOADED: { exit: 4, retryable: true, hint: "Try again later." },
  MODEL_UNREACHABLE: {
    exit: 4,
    retryable: true,
    hint: "Check ANTHROPIC_BASE_URL, the network and the proxy; agent-worker doctor tries the connection.",
  },
  MODEL_TIMEOUT: { exit: 4, retryable: true, hint: "Try again later; agent-worker doctor tries the connection." },
  IMPORT_REFUSED: {
    exit: 4,
    retryable: false,
    hint: "The agent's commits are not safe to take in: nothing of them is in the repository. Try again.",
  },
  IMPORT_TOO_LARGE: { exit: 4, retryable: false, hint: "Tell the agent not to commit large files." },
  SERVER_UNREACHABLE: {
    exit: 4,
    retryable: true,
    hint: "Check the URL and the network: agent-worker doctor --server-url URL",
  },
  SERVER_KEY: { exit: 4, retryable: false, hint: "Check the key: CLAUDE_SERVER_API_KEY." },
  SERVER_REFUSED: { exit: 4, retryable: false, hint: "The server's own log says more." },
  SERVER_BUSY: { exit: 4, retryable: true, hint: "Try again later, or name another server with --server-url." },
  SERVER_VERSION: { exit: 4, retryable: false, hint: "Use the same version of agent-worker here and on the server." },
  SERVER_REDIRECT: {
    exit: 4,
    retryable: false,
    hint: "Name the server itself with --server-url: keys are not sent elsewhere.",
  },
  SERVER_STREAM: { exit: 4, retryable: true, hint: "agent-worker runs resume RUN-ID follows the task again." },
  SERVER_LOST_TASK: {
    exit: 4,
    retryable: true,
    hint: "The server does not know the task any more: run the task again.",
  },
  TASK_LOST: {
    exit: 4,
    retryable: true,
    hint: "The server lost the attempt with its process or machine: run the task again.",
  },
  LISTEN_FAILED: { exit: 4, retryable: true, hint: "Choose another port with --port, or 0 for any free one." },
  STORE_LOCKED: {
    exit: 4,
    retryable: true,
    hint: "Another server uses this data directory: stop it, or choose another with --data-dir.",
  },
  STORE_FAILED: { exit: 4, retryable: true, hint: "Look at the disk and the permissions of the data directory." },
  INTERNAL: {
    exit: 4,
    retryable: false,
    hint: "This is a bug in agent-worker: please report it with all that was printed.",
  },
  // The work is done, the branch could not be moved.
  BRANCH_MOVED: { exit: 5, retryable: false, hint: "The work is kept; merge it, or give it a branch of its own." },
  // Time and signals.
  TIMEOUT_WALL: { exit: 124, retryable: true, hint: "Raise the limit with --timeout." },
  TIMEOUT_IDLE: { exit: 124, retryable: true, hint: "agent-worker runs logs shows where the agent stopped." },
  CANCELLED: { exit: 130, retryable: true, hint: "Run the same command again to start over." },
} as const satisfies Record<string, { exit: number; retryable: boolean; hint: string }>;

/** A stable error code: a key of `errorTable`. */
export type ErrorCode = keyof typeof errorTable;
