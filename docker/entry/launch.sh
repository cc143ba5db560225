# launch <run directory>: fills the work tree and starts the agent CLI in it, with its stdin on descriptor 6, unless a route leads out of here. Says on 5, a line each:
# `failed <why>`, or `filled`; then `route <device>`, or `started <process id>` and `tree <id>` of what was filled in; then `missing <program>`, if it was, and `exited <status>`.
launch() {
  # Written by the host: directory, program, path, put_conversation_back, start_agent.
  . "$1/agent.sh"
  work_tree="/workspace/$directory"
  if ! why=$({ put_conversation_back && fill "$1/git" "$work_tree"; } 2>&1) || ! cd "$work_tree"; then
    set -f
    # Unquoted: on one line.
    echo failed $why >&5
    return
  fi
  echo filled >&5
  find_route
  if [ -n "$route" ]; then
    echo "route $route" >&5
    return
  fi
  start_agent <&6 5>&- 6<&- &
  agent=$!
  echo "started $agent" >&5
  # Nobody opens them any more.
  rm /tmp/.prompt /tmp/.launch
  # Of the host's own git directory: the agent cannot write there.
  echo "tree $(clean_git --git-dir="$1/git" rev-parse "HEAD^{tree}")" >&5
  # What some shells say of a program that was killed is nobody's business.
  exec 2> /dev/null
  wait "$agent"
  status=$?
  PATH=$path
  if [ "$status" = 127 ] && ! command -v "$program" > /dev/null; then echo "missing $program" >&5; fi
  echo "exited $status" >&5
}

# fill <git directory> <work tree>: an own copy of the git directory, which borrows its objects, and a checkout of its HEAD.
fill() {
  mkdir -p "$2" && cp -R "$1" "$2/.git" && cd "$2" || return
  clean_git -c checkout.workers=0 -c core.preloadIndex=true read-tree -m -u HEAD
}

clean_git() {
  env -i PATH="$PATH" LC_ALL=C.UTF-8 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_NO_LAZY_FETCH=1 git "$@"
}

# Sets `route` to the device of a route that is not the loopback's: then this is not the network that was asked for.
find_route() {
  route=
  if [ ! -r /proc/net/route ]; then route="what /proc/net/route does not tell"; return; fi
  while read -r device _; do
    if [ "$device" != Iface ]; then route=$device; fi
  done < /proc/net/route
  if [ ! -e /proc/net/ipv6_route ]; then return; fi
  while read -r _ _ _ _ _ _ _ _ _ device; do
    if [ "$device" != lo ]; then route=$device; fi
  done < /proc/net/ipv6_route
}
