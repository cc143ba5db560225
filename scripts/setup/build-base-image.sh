#!/usr/bin/env bash
# build-base-image.sh ARCHIVE NODE_VERSION NPM_VERSION: the files of a base image like node:24-bookworm-slim as a tar
# archive, from Debian's packages and the npm registry, for machines that reach no image registry.
set -euo pipefail

archive=$1
npm_version=$3
node_binary="$PWD/node_modules/node/bin/node"
export PATH="$PATH:/usr/sbin:/sbin"

if [ "$(id -u)" != 0 ]; then
  echo "set-up: no image registry is reachable, and only root can build a base image from Debian's packages." >&2
  echo "  Name a registry's image with Node.js 22 or later in AGENT_WORKER_BASE_IMAGE, or run this once as root." >&2
  exit 4
fi
command -v debootstrap > /dev/null || bash scripts/setup/install-packages.sh debootstrap

# The mirror this machine's own packages come from, where it is a Debian.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 2> /dev/null | grep -m 1 '^https\?://' || true)
mirror=${mirror:-http://deb.debian.org/debian}
mirror=${mirror%/}

root=$(mktemp -d /var/tmp/agent-worker-base.XXXXXX)
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT TERM

echo "set-up: building the base image from $mirror (Debian 12, Node.js $2, npm $npm_version)" >&2
if ! debootstrap --variant=minbase bookworm "$root/image" "$mirror" < /dev/null > "$root/log" 2>&1; then
  tail -n 25 "$root/log" >&2
  exit 4
fi
cat > "$root/image/etc/apt/sources.list" << END
deb $mirror bookworm main
deb $mirror bookworm-updates main
deb ${mirror%/debian}/debian-security bookworm-security main
END

install -m 755 "$node_binary" "$root/image/usr/local/bin/node"
modules="$root/image/usr/local/lib/node_modules"
mkdir -p "$modules/npm"
(cd "$root" && npm pack --silent --ignore-scripts "npm@$npm_version" < /dev/null > /dev/null)
tar -xzf "$root/npm-$npm_version.tgz" -C "$modules/npm" --strip-components=1 --no-same-owner
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/image/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/image/usr/local/bin/npx"
inside() { chroot "$root/image" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
inside groupadd --gid 1000 node
inside useradd --uid 1000 --gid node --shell /bin/bash --create-home node
inside npm --version > /dev/null

rm -rf "$root"/image/var/{cache/apt,lib/apt/lists,log/*} "$root"/image/usr/share/{doc,man,info,locale}/* "$root/image/etc/resolv.conf"
mkdir -p "$root"/image/var/{cache/apt/archives/partial,lib/apt/lists/partial}
tar --numeric-owner -C "$root/image" -cf "$archive" .
