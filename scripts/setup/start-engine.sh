#!/usr/bin/env bash
# Starts a Docker engine on its usual socket, installing it where it is missing. Ends when it answers; 4 where it does not.
# Extra arguments go to dockerd (another socket, data root...); ENGINE_SOCKET and ENGINE_LOG name theirs.
set -euo pipefail

socket=${ENGINE_SOCKET:-/var/run/docker.sock}
log=${ENGINE_LOG:-/var/log/agent-worker-dockerd.log}
export PATH="$PATH:/usr/sbin:/sbin"

if [ "$(id -u)" != 0 ]; then
  echo "set-up: a container engine is needed, and only root can start one here. Please run, then try again:" >&2
  echo "  sudo apt-get update && sudo apt-get install -y docker.io && sudo usermod -aG docker $(id -un) && newgrp docker" >&2
  exit 4
fi

answers() {
  node -e '
    const request = require("node:http").get({ socketPath: process.argv[1], path: "/_ping", timeout: 2000 }, (response) =>
      process.exit(response.statusCode === 200 ? 0 : 1));
    request.on("error", () => process.exit(1)).on("timeout", () => process.exit(1));' "$socket"
}

# wait_for SECONDS [PID]: until the engine answers; fails at once when the process has ended.
wait_for() {
  local end=$((SECONDS + $1))
  until answers; do
    [ "$SECONDS" -lt "$end" ] || return 1
    [ -z "${2:-}" ] || kill -0 "$2" 2> /dev/null || return 1
    sleep 0.3
  done
}

# launch [ARGUMENT...]: dockerd as a daemon that holds no file of ours: whoever waits for this script never hangs.
launch() {
  (
    for file in /proc/self/fd/*; do
      fd=${file##*/}
      [ "$fd" -le 2 ] || eval "exec $fd>&-"
    done
    exec setsid nohup dockerd "$@" < /dev/null > "$log" 2>&1
  ) &
  wait_for 60 $!
}

if ! command -v dockerd > /dev/null; then
  # Debian 13 has the client in a package of its own.
  packages=(docker.io)
  if ! command -v docker > /dev/null && apt-cache show docker-cli > /dev/null 2>&1; then packages+=(docker-cli); fi
  bash "$(dirname "${BASH_SOURCE[0]}")/install-packages.sh" "${packages[@]}"
  # On a machine with an init system the package has just started the engine itself.
  if [ -d /run/systemd/system ] && wait_for 30; then exit 0; fi
fi
if [ $# = 0 ] && [ -d /run/systemd/system ]; then
  echo "set-up: starting the Docker engine (systemctl start docker)" >&2
  systemctl start docker < /dev/null > "$log" 2>&1 && wait_for 60 && exit 0
fi
# Another engine may be starting at this moment: it says so in its pid file.
if [ $# = 0 ] && kill -0 "$(cat /var/run/docker.pid 2> /dev/null || echo none)" 2> /dev/null && wait_for 30; then exit 0; fi

echo "set-up: starting the Docker engine (log: $log)" >&2
launch "$@" && exit 0
if grep -qiE 'iptables|nftables|network controller|bridge' "$log" && ! grep -qsx dockerd /proc/[0-9]*/comm; then
  # Runs have no network at all, so they need no bridge; builds then use the host's network. Not beside another engine:
  # a dockerd without a bridge deletes docker0, whoever made it.
  echo "set-up: the engine could not set up its bridge network; starting it without one" >&2
  launch "$@" --bridge=none --iptables=false --ip6tables=false && exit 0
fi
tail -n 25 "$log" >&2
echo "set-up: the Docker engine does not start; its whole log is in $log" >&2
exit 4
