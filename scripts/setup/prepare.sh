#!/usr/bin/env bash
# prepare.sh COMMAND: everything it needs, from a clean clone with only Node.js 20 and npm. Prints `export NAME=VALUE`
# lines; all else goes to stderr. Each step looks first and does nothing where nothing is missing.
set -euo pipefail
exec 3>&1 1>&2

# The host's own Node runs npm: the pinned one lives in node_modules, which npm replaces while it works.
bash scripts/setup/install-dependencies.sh
export PATH="$PWD/node_modules/.bin:$PATH"
node scripts/build.ts --if-changed
command -v git > /dev/null || bash scripts/setup/install-packages.sh git
[ "${1:-}" != test ] || bash scripts/setup/install-test-tools.sh
node scripts/setup/main.ts >&3
