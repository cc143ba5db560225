/** The longest path a unix socket can have, in bytes: the kernel's 108 with the zero at its end. */
const maxSocketPathBytes = 107;

/** What a run adds to the parent of its runtime directory, at most: six characters are chosen by mkdtemp. */
const longestAddition = "/agent-worker-XXXXXX/run/control.sock";

/** The longest parent of runtime directories, in bytes. */
export const maxRuntimeParentBytes = maxSocketPathBytes - longestAddition.length;
