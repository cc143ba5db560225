import type { HostMapping } from "../../container/host-mapping.ts";

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/** Who the container runs as. */
export interface ContainerUser extends UserIds {
  /** It is the caller, and may read what is the caller's. */
  readonly isCaller: boolean;
}

/** Agent CLIs refuse to work unattended as root, and nobody should be root anyway: then it is the image's own user. */
const imageUser: ContainerUser = { uid: 1000, gid: 1000, isCaller: false };

/** The caller's own ids, unless they are root's or stand for somebody else's outside. */
export function chooseContainerUser(
  { uid, gid }: UserIds,
  { shiftsIds }: Pick<HostMapping, "shiftsIds">,
): ContainerUser {
  return uid === 0 || shiftsIds ? imageUser : { uid, gid, isCaller: true };
}

export function readCaller(): UserIds {
  return { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}
