/** What to do about an entry program that does not speak its language. */
export const strangerHint =
  "Something else writes to its control channel, perhaps the agent: run the task again; with --image, see docs/image.md.";
