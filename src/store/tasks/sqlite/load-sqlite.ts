import type * as sqlite from "node:sqlite";

/**
 * Node's own SQLite. Node 22 warns, once, while it is loaded, that it is experimental; loading is synchronous and nothing else
 * runs meanwhile, so holding warnings back for that long hides this one and no other.
 */
export function loadSqlite(): typeof sqlite {
  const emitWarning = Object.getOwnPropertyDescriptor(process, "emitWarning");
  if (emitWarning === undefined) return process.getBuiltinModule("node:sqlite");
  Object.defineProperty(process, "emitWarning", { ...emitWarning, value: () => undefined });
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    Object.defineProperty(process, "emitWarning", emitWarning);
  }
}
