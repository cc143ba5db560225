/**
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>} Resolves after that time, or when aborted.
 */
export function wait(ms, signal) {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, signal.aborted ? 0 : ms);
    signal.addEventListener("abort", finish);
  });
}
