#!/bin/bash
# Runs the Render stage on a disk that is root's: check-render.sh IMAGE. As root, by containers.sh.
set -euo pipefail

image=$1
name=postern-render-$$

cleanup() {
    podman rm -f -v -t 0 "$name" >/dev/null 2>&1 || true
    podman volume rm -f "$name" >/dev/null 2>&1 || true
}
trap cleanup EXIT

wrong() {
    echo "$image: $*"
    podman logs --tail 20 "$name" 2>&1 || true
    exit 1
}

podman volume create "$name" >/dev/null
disk=$(podman volume inspect "$name" --format '{{.Mountpoint}}')
chown 0:0 "$disk"
chmod 755 "$disk"
podman run -d --name "$name" --network=none -v "$name":/data -e POSTERN_SPOOL_PATH=/data "$image" \
    >/dev/null
for ((i = 0; ; i++)); do
    [ ! -e "$disk/endpoint" ] || break
    ((i < 600)) || wrong "it did not start"
    sleep 0.1
done
pid=$(podman inspect "$name" --format '{{.State.Pid}}')
[ "$(sed -n 's/^Uid:\t//p' "/proc/$pid/status")" = $'65532\t65532\t65532\t65532' ] \
    || wrong "it runs as $(grep '^Uid' "/proc/$pid/status")"
[ "$(sed -n 's/^CapEff:\t//p' "/proc/$pid/status")" = 0000000000000000 ] || wrong "capabilities"
[ "$(stat -c %u "$disk")" = 65532 ] || wrong "the disk was not handed over"
podman kill -s TERM "$name" >/dev/null
status=$(podman wait "$name")
[ "$status" = 0 ] || wrong "SIGTERM ended it with $status"
echo "$image: ok"
