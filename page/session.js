const name = "agent-worker.key";

/** The key, kept as long as this tab: never in a cookie, an address or anything that outlives it. */
export const session = {
  /** @returns {string | null} */
  read() {
    try {
      return sessionStorage.getItem(name);
    } catch {
      return inMemory;
    }
  },
  /** @param {string | null} key Null: forget it. */
  write(key) {
    inMemory = key;
    try {
      if (key === null) sessionStorage.removeItem(name);
      else sessionStorage.setItem(name, key);
    } catch {
      // A browser that keeps nothing: the key lasts until the page is left.
    }
  },
};

/** @type {string | null} */
let inMemory = null;
