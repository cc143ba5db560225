/**
 * Every error the product can name: `exit` is the process's exit code (CONTRACT: 1 failed, 2 wrong request, 3 limited,
 * 4 unavailable, 5 unpublished, 124 timed out), `retryable` says whether the same command may succeed later.
 * Each code has a heading in docs/errors.md, held by test/docs.test.ts.
 */
export const errorTable = {
  // The request is wrong: nothing was started.
  USAGE: { exit: 2, retryable: false },
  CONFIG_INVALID: { exit: 2, retryable: false },
  TASK_EMPTY: { exit: 2, retryable: false },
  NOT_A_REPOSITORY: { exit: 2, retryable: false },
  REPOSITORY_EMPTY: { exit: 2, retryable: false },
  REPOSITORY_OWNER: { exit: 2, retryable: false },
  REPOSITORY_PARTIAL: { exit: 2, retryable: false },
  BASE_NOT_FOUND: { exit: 2, retryable: false },
  BRANCH_NAME: { exit: 2, retryable: false },
  BRANCH_EXISTS: { exit: 2, retryable: false },
  BRANCH_PREFIX: { exit: 2, retryable: false },
  BRANCH_CHECKED_OUT: { exit: 2, retryable: false },
  AGENT_UNKNOWN: { exit: 2, retryable: false },
  CREDENTIAL_MISSING: { exit: 2, retryable: false },
  RUN_NOT_FOUND: { exit: 2, retryable: false },
  MODE_UNSUPPORTED: { exit: 2, retryable: false },
  // The task failed.
  AGENT_ERROR: { exit: 1, retryable: false },
  AGENT_NO_RESULT: { exit: 1, retryable: true },
  AGENT_KILLED: { exit: 1, retryable: true },
  AGENT_OUT_OF_MEMORY: { exit: 1, retryable: true },
  AGENT_REFUSED: { exit: 1, retryable: false },
  // A limit was reached; partial work is kept.
  LIMIT_TURNS: { exit: 3, retryable: false },
  LIMIT_COST: { exit: 3, retryable: false },
  LIMIT_QUOTA: { exit: 3, retryable: true },
  MODEL_RATE_LIMIT: { exit: 3, retryable: true },
  // The surroundings are not there: nothing is wrong with the task.
  GIT_MISSING: { exit: 4, retryable: false },
  GIT_FAILED: { exit: 4, retryable: true },
  GIT_LOCKED: { exit: 4, retryable: true },
  DISK_FULL: { exit: 4, retryable: true },
  STATE_UNWRITABLE: { exit: 4, retryable: false },
  ENGINE_UNAVAILABLE: { exit: 4, retryable: true },
  ENGINE_REMOTE: { exit: 4, retryable: false },
  ENGINE_FAILED: { exit: 4, retryable: true },
  IMAGE_BUILD: { exit: 4, retryable: true },
  IMAGE_NOT_FOUND: { exit: 4, retryable: false },
  CONTAINER_START: { exit: 4, retryable: true },
  CONTAINER_LOST: { exit: 4, retryable: true },
  WORKSPACE_FAILED: { exit: 4, retryable: true },
  COLLECT_FAILED: { exit: 4, retryable: true },
  SELF_TEST: { exit: 4, retryable: false },
  MODEL_CREDENTIAL: { exit: 4, retryable: false },
  MODEL_OVERLOADED: { exit: 4, retryable: true },
  MODEL_UNREACHABLE: { exit: 4, retryable: true },
  MODEL_TIMEOUT: { exit: 4, retryable: true },
  IMPORT_REFUSED: { exit: 4, retryable: false },
  IMPORT_TOO_LARGE: { exit: 4, retryable: false },
  INTERNAL: { exit: 4, retryable: false },
  // The work is done, the branch could not be moved.
  BRANCH_MOVED: { exit: 5, retryable: false },
  // Time and signals.
  TIMEOUT_WALL: { exit: 124, retryable: true },
  TIMEOUT_IDLE: { exit: 124, retryable: true },
  CANCELLED: { exit: 130, retryable: true },
} as const satisfies Record<string, { exit: number; retryable: boolean }>;

/** A stable error code: a key of `errorTable`. */
export type ErrorCode = keyof typeof errorTable;
