# launch <run directory>: fills the work tree and starts the agent CLI in it, with its stdin on descriptor 6, unless a route leads out of here. Says on 5, a line each:
# `failed <why>`, or `filled`; then `route <device>`, or `started <process id>`; then `missing <program>`, if it was, and `exited <status>`.
launch() {
  # Written by the host: directory, program, put_conversation_back, start_agent.
  . "$1/agent.sh"
  work_tree="/workspace/$directory"
  if ! why=$({ put_conversation_back && fill "$1/tree" "$work_tree"; } 2>&1) || ! cd "$work_tree"; then
    printf 'failed %s\n' "$(printf '%s' "$why" | tr '\n' ' ')" >&5
    return
  fi
  echo filled >&5
  find_route /proc/net/route /proc/net/ipv6_route
  if [ -n "$route" ]; then
    printf 'route %s\n' "$route" >&5
    return
  fi
  # What a shell starts beside itself ignores these two. Not every env can undo that.
  signals=--default-signal=INT,QUIT
  env "$signals" true 2> /dev/null || signals=
  start_agent <&6 5>&- 6<&- &
  agent=$!
  echo "started $agent" >&5
  # What some shells say of a program that was killed is nobody's business.
  exec 2> /dev/null
  wait "$agent"
  status=$?
  # As env has it: it could not be executed, or is not there.
  case $status in 126 | 127) printf 'missing %s\n' "$program" >&5 ;; esac
  echo "exited $status" >&5
}

# fill <template> <work tree>: an own copy of the template, which holds a git directory that borrows its objects, and a checkout of its HEAD.
fill() {
  cp -R "$1" "$2" && cd "$2" || return
  clean_git -c checkout.workers=0 -c core.preloadIndex=true read-tree -m -u HEAD
}

clean_git() {
  env -i PATH="$PATH" LC_ALL=C.UTF-8 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_NO_LAZY_FETCH=1 git "$@"
}

# find_route <table> <IPv6 table>: sets `route` to the device of a route that is not the loopback's; then this is not the network that was
# asked for. Without IPv6 there is no second table.
find_route() {
  route=
  if [ ! -r "$1" ]; then route="what $1 does not tell"; return; fi
  while read -r device _; do
    case $device in Iface | lo) ;; *) route=$device ;; esac
  done < "$1"
  if [ ! -e "$2" ]; then return; fi
  while read -r _ _ _ _ _ _ _ _ _ device; do
    if [ "$device" != lo ]; then route=$device; fi
  done < "$2"
}
