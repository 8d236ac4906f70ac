#!/bin/bash
# Runs an image under the strictest policy: check.sh IMAGE [MEBIBYTES-OF-MEMORY]. As root, with podman;
# call it by containers.sh. What it says last is `ok` or what is wrong.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
image=$1
memory=${2:-128}
name=postern-check-$$
strict=(--network=none --read-only --read-only-tmpfs=false --cap-drop ALL --security-opt no-new-privileges)

cleanup() {
    podman rm -f -v -t 0 "$name" >/dev/null 2>&1 || true
    podman volume rm -f "$name" >/dev/null 2>&1 || true
    rm -rf "${work:-}"
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

# Another jar, as old as the right one, which is all that the JVM looks at, never runs with it.
work=$(mktemp -d)
podman create --name "$name" --network=none "$image" >/dev/null
podman cp "$name":/opt/postern/conf/image.options "$work/options"
jar=$(sed -n 's/^-Dpostern.cached-jar=[0-9]*://p' "$work/options")
podman cp "$name":"$jar" "$work/jar"
podman export "$name" | tar --list --verbose --numeric-owner var/spool/postern | grep -q '^drwx------ 65532/65532 ' \
    || wrong "the spool's directory is not 65532's alone"
podman rm -v "$name" >/dev/null
cp -p "$work/jar" "$work/other.jar"
printf 'x' >>"$work/other.jar"
touch -r "$work/jar" "$work/other.jar"
podman run --rm "${strict[@]}" -v "$work/other.jar:$jar:ro" "$image" version >"$work/said" 2>&1 \
    && wrong "another jar ran with the old cache"
grep -q 'not the one that the AOT cache was made from' "$work/said" || wrong "$(cat "$work/said")"

# Variables are read as UTF-8, without a locale from outside.
podman run --rm "${strict[@]}" -e 'POSTERN_ALIASES=root=größe@example.org' "$image" config show \
    | grep -q größe || wrong "variables are not read as UTF-8"

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
