#!/usr/bin/env bash
# `npm ci` where node_modules is missing or of another lock file, and the pinned Node as node_modules/.bin/node.
set -euo pipefail

own_bin="$PWD/node_modules/.bin"
PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -vxF "$own_bin" | paste -sd ':')
stamp_file=node_modules/.agent-worker-stamp
stamp="$(cat package-lock.json .npmrc | sha256sum | cut -d ' ' -f 1) $(uname -sm)"
wanted="v$(node -p 'require("./package.json").devDependencies.node')"

if [ "$(cat "$stamp_file" 2> /dev/null || true)" = "$stamp" ] && [ "$("$own_bin/node" --version 2> /dev/null)" = "$wanted" ]; then
  exit 0
fi

echo "set-up: installing the dependencies of package-lock.json (npm $(npm --version), Node.js $(node --version))"
# `npm run -s` would silence npm here too. No install script is needed but that of the pinned Node: npm 12 blocks the
# others, so they are left out for every npm.
options=(--loglevel=error --no-update-notifier --no-audit --no-fund)
npm ci --ignore-scripts "${options[@]}" < /dev/null
npm rebuild node --foreground-scripts "${options[@]}" < /dev/null

if [ "$("$own_bin/node" --version 2> /dev/null)" != "$wanted" ]; then
  echo "set-up: the pinned Node.js $wanted was not installed; see the messages above." >&2
  exit 4
fi
printf '%s\n' "$stamp" > "$stamp_file"
