/** An id that no task has. */
export const nobody = "01M7XQEKPMMNEQZ2HHF3DSZ5S4";

/** What nobody reaches without a key. */
export const guarded = [
  ["POST", "/api/v1/tasks"],
  ["GET", "/api/v1/tasks"],
  ["GET", `/api/v1/tasks/${nobody}`],
  ["DELETE", `/api/v1/tasks/${nobody}`],
  ["POST", `/api/v1/tasks/${nobody}/interrupt`],
  ["GET", `/api/v1/tasks/${nobody}/events`],
  ["GET", `/api/v1/tasks/${nobody}/report`],
  ["GET", `/api/v1/tasks/${nobody}/diff`],
  ["GET", "/api/v1/sessions"],
  ["GET", "/api/v1/sessions/x"],
  ["DELETE", "/api/v1/sessions/x"],
  ["POST", "/api/v1/tickets"],
  ["GET", `/api/v1/repositories/app/commits/${"a".repeat(40)}`],
  ["GET", "/api/v1/repositories/app.git/info/refs?service=git-upload-pack"],
  ["GET", "/api/v1/repositories/app.git/info/refs?service=git-receive-pack"],
  ["POST", "/api/v1/repositories/app.git/git-upload-pack"],
  ["POST", "/api/v1/repositories/app.git/git-receive-pack"],
  ["GET", "/api/v1/nothing"],
  ["GET", "/metrics"],
  ["GET", `/ws/tasks/${nobody}`],
] as const;
