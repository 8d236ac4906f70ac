#!/bin/sh
# Starts Postern on a disk that is mounted as root's: hands it over and goes on as 65532.

set -eu

spool=${POSTERN_SPOOL_PATH:-/var/spool/postern}
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$spool"
    [ "$(stat -c %u "$spool")" = 65532 ] || chown -R 65532:65532 "$spool"
    set -- setpriv --reuid 65532 --regid 65532 --clear-groups --inh-caps=-all --no-new-privs \
        /opt/postern/bin/postern "$@"
else
    set -- /opt/postern/bin/postern "$@"
fi
exec "$@"
