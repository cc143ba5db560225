# fill <git directory> <work tree>: an own copy of the git directory, which borrows its objects, and a checkout of its HEAD.
# Says the id of the tree that was checked out.
fill() {
  mkdir -p "$2" && cp -R "$1" "$2/.git" && cd "$2" || return
  clean_git -c checkout.workers=0 -c core.preloadIndex=true read-tree -m -u HEAD && clean_git rev-parse "HEAD^{tree}"
}

clean_git() {
  env -i PATH="$PATH" LC_ALL=C.UTF-8 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_NO_LAZY_FETCH=1 git "$@"
}
