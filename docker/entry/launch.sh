# launch <run directory>: fills the work tree and starts the agent CLI in it, with its stdin on descriptor 6, unless a route leads out of here. Says on 5, a line each:
# `failed <why>`, or `filled <tree>`; then `route <device>`, or `started <process id>`; then `missing <program>`, or `exited <status>`.
launch() {
  # Nobody opens them any more.
  rm /tmp/.prompt /tmp/.launch
  # Written by the host: directory, program, path, put_conversation_back, start_agent.
  . "$1/agent.sh"
  work_tree="/workspace/$directory"
  if ! said=$({ put_conversation_back && fill "$1/git" "$work_tree"; } 2>&1) || ! cd "$work_tree"; then
    set -f
    # Unquoted: on one line.
    echo failed $said >&5
    return
  fi
  # The last line: warnings may come before.
  echo "filled ${said##*"$line_break"}" >&5
  find_route
  if [ -n "$route" ]; then
    echo "route $route" >&5
    return
  fi
  start_agent <&6 5>&- 6<&- &
  echo "started $!" >&5
  # What some shells say of a program that was killed is nobody's business.
  exec 2> /dev/null
  wait "$!"
  status=$?
  PATH=$path
  if [ "$status" = 127 ] && ! command -v "$program" > /dev/null; then echo "missing $program" >&5; fi
  echo "exited $status" >&5
}

line_break='
'

# fill <git directory> <work tree>: an own copy of the git directory, which borrows its objects, and a checkout of its HEAD.
# Says the id of the tree that was checked out.
fill() {
  mkdir -p "$2" && cp -R "$1" "$2/.git" && cd "$2" || return
  clean_git -c checkout.workers=0 -c core.preloadIndex=true read-tree -m -u HEAD && clean_git rev-parse "HEAD^{tree}"
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
