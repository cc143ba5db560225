#!/usr/bin/env bash
# with-setup.sh demo|test|bench|prepare [ARGUMENTS]: does the set-up that is still missing, then runs the command.
# What set-up says goes to stderr: stdout belongs to the command.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command=${1:?with-setup.sh demo|test|bench|prepare [ARGUMENTS]}
shift

# Two set-ups at once would fight over node_modules, apt and the engine. --close: no daemon inherits the lock.
lock="/tmp/agent-worker-setup-$(id -u).lock"
if command -v flock > /dev/null; then
  flock --nonblock --close "$lock" true || echo "set-up: waiting for another set-up on this machine" >&2
  settings=$(flock --close "$lock" bash scripts/setup/prepare.sh "$command")
else
  settings=$(bash scripts/setup/prepare.sh "$command")
fi
eval "$settings"
export PATH="$PWD/node_modules/.bin:$PATH"

case $command in
  prepare) ;;
  demo) exec node scripts/demo.ts "$@" ;;
  test) exec node scripts/test.ts "$@" ;;
  bench) exec node bench/main.ts "$@" ;;
  *) echo "with-setup.sh: unknown command $command" >&2; exit 2 ;;
esac
