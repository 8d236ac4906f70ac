#!/bin/bash
# Builds the distribution twice, in two places, and compares the archives to the last byte. Without
# the AOT cache, which no two JVM runs dump alike. Further arguments go to Maven (-o, -Pruntime).
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for place in one "another place"; do
    mkdir "$work/$place"
    tar -c --exclude ./target --exclude ./spool . | tar -x -C "$work/$place"
    (cd "$work/$place" && mvn -B -q "$@" -Dmaven.test.skip=true -Daot.skip=true package)
    mv "$work/$place"/target/postern-*.tar.gz "$work/${place%% *}.tar.gz"
done
if ! cmp "$work/one.tar.gz" "$work/another.tar.gz"; then
    for name in one another; do
        mkdir "$work/$name.unpacked"
        tar -xzf "$work/$name.tar.gz" -C "$work/$name.unpacked"
    done
    diff -rq "$work/one.unpacked" "$work/another.unpacked"
    echo "the archives differ"
    exit 1
fi
sha256sum <"$work/one.tar.gz"
echo "two builds, the same bytes"
