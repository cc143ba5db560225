#!/usr/bin/env bash
# What only the tests need, beside what everything needs: a Chromium for the page, promtool for metrics and alerts.
# Looks first and does nothing where nothing is missing; ends with 4 where something cannot be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

promtool=.cache/tools/promtool

has_browser() { command -v chromium || command -v google-chrome || command -v google-chrome-stable; }

# download DIRECTORY: Debian's package prometheus into it. Needs no root, with package lists of its own where there are none yet.
download() {
  local options=(-q -o APT::Sandbox::User=root -o Acquire::Retries=3)
  cd "$1"
  apt-get "${options[@]}" download prometheus && return
  mkdir -p lists/partial cache/archives/partial
  options+=(-o "Dir::State::Lists=$1/lists" -o "Dir::Cache=$1/cache")
  apt-get "${options[@]}" update && apt-get "${options[@]}" download prometheus
}

# The program alone: the package would also start a daemon.
extract_promtool() {
  local directory
  directory=$(mktemp -d)
  # shellcheck disable=SC2064 # The directory of now.
  trap "rm -rf '$directory'" RETURN
  (download "$directory") < /dev/null > "$directory/log" 2>&1 || return 1
  dpkg-deb --fsys-tarfile "$directory"/prometheus_*.deb | tar -x -C "$directory" ./usr/bin/promtool || return 1
  mkdir -p "$(dirname "$promtool")"
  install -m 755 "$directory/usr/bin/promtool" "$promtool.new"
  mv "$promtool.new" "$promtool"
}

has_browser > /dev/null || bash scripts/setup/install-packages.sh chromium

if ! command -v promtool > /dev/null && ! [ -x "$promtool" ]; then
  echo "set-up: taking promtool out of Debian's package prometheus" >&2
  extract_promtool || bash scripts/setup/install-packages.sh prometheus
fi
