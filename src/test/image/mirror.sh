#!/bin/bash
# Prints the mirror that this machine's apt takes a suite from: mirror.sh SUITE. For debootstrap,
# which would take one of its own choice. Needs no network, nor lists that were fetched before.
set -euo pipefail

suite=$1
sources=$(apt-get update --print-uris | sed -n "s#^'\(.*\)/dists/$suite/InRelease'.*#\1#p")
# `mirror+file:` names a list of mirrors, as Debian's images for clouds have it.
while read -r source; do
    case $source in
        mirror+file:*) grep -m 1 -o '^[a-z]\+:[^[:blank:]]*' "${source#mirror+file:}" || continue ;;
        http:* | https:* | file:*) printf '%s\n' "$source" ;;
        copy:*) printf 'file:%s\n' "${source#copy:}" ;;
        *) continue ;;
    esac
    exit
done <<<"$sources"
echo "apt has no mirror for $suite: add one to /etc/apt/sources.list.d" >&2
exit 1
