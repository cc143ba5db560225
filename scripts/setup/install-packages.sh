#!/usr/bin/env bash
# install-packages.sh PACKAGE...: Debian packages, where we are root; else says what to install and ends with 4.
set -euo pipefail

if ! command -v apt-get > /dev/null; then
  echo "set-up: please install by this system's own means, then try again: $*" >&2
  exit 4
fi
if [ "$(id -u)" != 0 ]; then
  echo "set-up: please run, then try again:  sudo apt-get update && sudo apt-get install -y $*" >&2
  exit 4
fi

echo "set-up: installing $* from Debian's packages" >&2
# A package may start a daemon that keeps what it inherits: it gets a file, never the caller's pipe.
log=$(mktemp /tmp/agent-worker-apt.XXXXXX.log)
export DEBIAN_FRONTEND=noninteractive
apt() { apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" < /dev/null >> "$log" 2>&1; }
if apt update && apt install -y --no-install-recommends "$@"; then
  rm -f "$log"
else
  tail -n 25 "$log" >&2
  echo "set-up: apt-get could not install $*; its whole output is in $log" >&2
  exit 4
fi
