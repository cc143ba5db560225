# The container's first program: fills the work tree while Node starts; main.mjs reads how that went.
. /opt/agent-worker/entry/fill.sh
run=/opt/agent-worker/run

# Where the host has named none, the agent has run already: only its work is brought out.
if read -r directory 2> /dev/null < "$run/fill"; then
  # The parent of what fills it ends at once, so that process 1 buries it: Node would not.
  (
    {
      said=$(fill "$run/git" "/workspace/$directory" 2>&1)
      echo "$?" "$said" > /tmp/.filled
    } &
  )
fi
exec node /opt/agent-worker/entry/main.cjs
