#!/bin/sh
# start.sh COMMAND [ARGUMENT...]: agent-worker from a copy of itself in $AGENT_WORKER_HOME. The engine mounts a part of the
# program into the agents' containers, and finds it on the host: so it must be where host and server see the same files.
set -eu

package=/usr/local/lib/agent-worker
home=$AGENT_WORKER_HOME

if ! [ -w "$home" ]; then
  echo "agent-worker: user $(id -u) cannot write $home. On the host: sudo install -d -o $(id -u) -g $(id -g) -m 700 $home" >&2
  exit 4
fi

export HOME="$home/home" AGENT_WORKER_STATE_DIR="$home/state" XDG_RUNTIME_DIR="$home/run"
for directory in "$HOME" "$AGENT_WORKER_STATE_DIR" "$XDG_RUNTIME_DIR" "$home/program"; do
  [ -d "$directory" ] || mkdir -m 700 "$directory"
done

# Each build of the package has a directory of its own: the files that a container uses never change under it.
name=$(cd "$package" && find . -type f -exec sha256sum {} + | sort | sha256sum | cut -c 1-16)
program="$home/program/$name"
if ! [ -d "$program" ]; then
  copy=$(mktemp -d "$home/program/.copy-XXXXXX")
  cp -R "$package/." "$copy"
  # Other users' containers read it too (where the engine maps ids).
  chmod -R a+rX,go-w "$copy"
  # Another server may have been quicker.
  mv -T "$copy" "$program" 2> /dev/null || rm -rf "$copy"
fi

# Copies of older versions: after a week no container uses them any more.
find "$home/program" -mindepth 1 -maxdepth 1 ! -name "$name" -mtime +7 -exec rm -rf {} + 2> /dev/null || true

# With the umask of a service: what it keeps is nobody else's.
umask 077
exec node "$program/bin/agent-worker.js" "$@"
