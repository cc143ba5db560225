import type { Engine } from "../../container/engine.ts";

/** Agent CLIs refuse to work unattended as root, and nobody should be root anyway: then it is the image's own user. */
const imageUser = { uid: 1000, gid: 1000 };

/** The caller's own ids, unless they are root's or the engine maps ids (rootless: its root is the caller). */
export function chooseContainerUser(engine: Engine): { readonly uid: number; readonly gid: number } {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  const isRootless = engine.endpoint.startsWith(`unix:///run/user/`);
  return uid === 0 || isRootless ? imageUser : { uid, gid };
}
