#!/bin/bash
# Makes stand-ins for the images that the Dockerfile starts from, for machines without a registry:
# bases.sh DIRECTORY writes build.tar (Debian, Maven, this machine's JDK 25 in Temurin's place),
# plain.tar (Debian) and django.tar (Debian, Django) there. As root, with debootstrap; a second call
# does nothing.
set -euo pipefail

directory=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
suite=bookworm
mkdir -p "$directory"

java=
for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
    if grep -qs '^JAVA_VERSION="25' "$home/release" && [ -x "$home/bin/javac" ]; then
        java=$home
    fi
done
[ -n "$java" ] || { echo "no JDK 25 found" >&2; exit 1; }

make() {
    local name=$1
    shift
    [ ! -e "$directory/$name.tar" ] || return 0
    local root=$directory/$name.root
    rm -rf "$root"
    local mirror
    mirror=$("$here/mirror.sh" "$suite")
    debootstrap --variant=minbase "$@" "$suite" "$root" "$mirror" >"$directory/$name.log" 2>&1 \
        || { tail -20 "$directory/$name.log"; return 1; }
    if [ "$name" = build ]; then
        mkdir -p "$root/opt/java"
        cp -aL "$java" "$root/opt/java/openjdk"
    fi
    rm -rf "$root"/var/cache/apt/archives/*.deb
    tar -C "$root" -c . >"$directory/$name.tar.new"
    mv "$directory/$name.tar.new" "$directory/$name.tar"
    rm -rf "$root"
}

make plain
make build --include=maven,ca-certificates
make django --include=python3-django
