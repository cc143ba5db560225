# The container's first program: fills the work tree and starts the agent CLI, while Node starts. main.mjs, which takes its place, hears of
# that on descriptor 4 and writes the prompt to 3; their other ends are 5 and 6.
. /opt/agent-worker/entry/launch.sh
run=/opt/agent-worker/run

# Where the host has left nothing to start, the agent has run already: only its work is brought out.
if [ -f "$run/agent.sh" ]; then
  mkfifo /tmp/.prompt /tmp/.launch || exit
  # First for reading and writing: to open one end alone would wait for the other.
  exec 3<> /tmp/.prompt 6< /tmp/.prompt 5<> /tmp/.launch 4< /tmp/.launch
  # The parent of what launches ends at once, so that process 1 buries it: Node would not.
  (exec 3>&- 4<&- && launch "$run" &)
  exec 5>&- 6<&-
fi
# With it Node 24 at times never ends: it waits for a compiler that waits for it to collect garbage (nodejs/node#54918).
exec node --no-concurrent-recompilation /opt/agent-worker/entry/main.cjs
