/** Commit to commit, with no program of the user's. */
export const diffTree = [
  "diff-tree",
  "-r",
  "-z",
  "--no-abbrev",
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  "--ignore-submodules=none",
];
