#!/bin/bash
# Runs a command (podman, buildah, …) where containers work without systemd: in a mount namespace of
# its own without the empty cgroup v2 tree that makes podman refuse a hybrid hierarchy, and with
# limits on open files that this shell may set.
set -euo pipefail

conf=$(mktemp)
cat >"$conf" <<EOF
[containers]
cgroups = "enabled"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
pids_limit = 0
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
EOF
status=0
CONTAINERS_CONF=$conf unshare -m --propagation private bash -c '
    if [ -d /sys/fs/cgroup/unified ]; then umount /sys/fs/cgroup/unified; fi
    exec "$@"' containers "$@" || status=$?
rm -f "$conf"
exit "$status"
