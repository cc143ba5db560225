import { expect, it } from "vitest";
import { chooseContainerUser } from "../../../src/agents/contained/container-user.ts";

const caller = { uid: 1234, gid: 5678 };
const image = { uid: 1000, gid: 1000, isCaller: false };

it("the container runs as the caller", () => {
  expect(chooseContainerUser(caller, { shiftsIds: false })).toEqual({ ...caller, isCaller: true });
});

it("the image's user is who it runs as for root, and where the caller's id would be somebody else's outside", () => {
  expect(chooseContainerUser({ uid: 0, gid: 0 }, { shiftsIds: false })).toEqual(image);
  expect(chooseContainerUser(caller, { shiftsIds: true })).toEqual(image);
  // The same number is another user then.
  expect(chooseContainerUser({ uid: 1000, gid: 1000 }, { shiftsIds: true })).toEqual(image);
});
