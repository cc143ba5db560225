#!/usr/bin/env bash
# What only the tests need, beside what everything needs: a Chromium for the page, promtool for metrics and alerts.
# Looks first and does nothing where nothing is missing; ends with 4 where something cannot be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

promtool=.cache/tools/promtool

has_browser() { command -v chromium || command -v google-chrome || command -v google-chrome-stable; }

# The program alone, out of Debian's package prometheus, which would also start a daemon. That needs no root.
extract_promtool() {
  local directory
  directory=$(mktemp -d)
  # shellcheck disable=SC2064 # The directory of now.
  trap "rm -rf '$directory'" RETURN
  (cd "$directory" && apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 download prometheus) < /dev/null > /dev/null 2>&1 || return 1
  dpkg-deb --fsys-tarfile "$directory"/prometheus_*.deb | tar -x -C "$directory" ./usr/bin/promtool
  mkdir -p "$(dirname "$promtool")"
  install -m 755 "$directory/usr/bin/promtool" "$promtool.new"
  mv "$promtool.new" "$promtool"
}

has_browser > /dev/null || bash scripts/setup/install-packages.sh chromium

if ! command -v promtool > /dev/null && ! [ -x "$promtool" ]; then
  echo "set-up: taking promtool out of Debian's package prometheus" >&2
  if ! extract_promtool; then
    # A fresh machine has no package lists yet, and only root can fetch them.
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
      apt-get -q -o Acquire::Retries=3 update < /dev/null > /dev/null 2>&1 || true
      extract_promtool || bash scripts/setup/install-packages.sh prometheus
    else
      bash scripts/setup/install-packages.sh prometheus
    fi
  fi
fi
