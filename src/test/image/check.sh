#!/bin/bash
# Runs an image under the strictest policy: check.sh IMAGE [MEBIBYTES-OF-MEMORY]. As root, with podman;
# call it by containers.sh. What it says last is `ok` or what is wrong.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
image=$1
memory=${2:-128}
name=postern-check-$$
strict=(--network=none --read-only --cap-drop ALL --security-opt no-new-privileges)

cleanup() {
    podman rm -f -t 0 "$name" >/dev/null 2>&1 || true
    podman volume rm -f "$name" >/dev/null 2>&1 || true
}
trap cleanup EXIT

wrong() {
    echo "$image: $*"
    podman logs --tail 20 "$name" 2>&1 || true
    exit 1
}

# The AOT cache is really used: in this mode the JVM refuses to start without.
podman run --rm "${strict[@]}" -e JDK_JAVA_OPTIONS=-XX:AOTMode=on "$image" version \
    || wrong "the AOT cache is not used"

podman inspect "$image" --format '{{.Config.User}}' | grep -qx 65532:65532 || wrong "not user 65532"

podman run -d --name "$name" "${strict[@]}" -m "${memory}m" --memory-swap "${memory}m" -v "$name":/var/spool/postern \
    -e 'POSTERN_EGRESS=smtp://127.0.0.1:2626?tls=none' "$image" >/dev/null
pid=$(podman inspect "$name" --format '{{.State.Pid}}')
nsenter -t "$pid" -n python3 "$here/mail.py" 40 1 || wrong "mail was lost"
sed -n 's/^Pss: */idle after mail, PSS: /p' "/proc/$pid/smaps_rollup"
nsenter -t "$pid" -n python3 "$here/mail.py" 16 25 || wrong "large mail was lost"
sed -n 's/^\(VmHWM\|VmRSS\):/\1/p' "/proc/$pid/status"
podman logs "$name" 2>&1 | grep -c '^{"time"' >/dev/null || wrong "the log is not JSON"
podman kill -s TERM "$name" >/dev/null
status=$(podman wait "$name")
[ "$status" = 0 ] || wrong "SIGTERM ended it with $status"
[ "$(podman inspect "$name" --format '{{.State.OOMKilled}}')" = false ] || wrong "out of memory"
echo "$image: ok"
