#!/bin/sh
# Puts what Postern's Java needs of a system into a directory that becomes an image's root: the parts
# of glibc that it is linked with, and the few files of /etc that glibc reads.
#
#   base.sh DIRECTORY RUNTIME

set -eu

image=$1
runtime=$2
mkdir -p "$image/etc" "$image/tmp" "$image/var/spool/postern"
chmod 1777 "$image/tmp"
chmod 700 "$image/var/spool/postern"
[ "$(id -u)" != 0 ] || chown 65532:65532 "$image/var/spool/postern"

# What `ldd` prints is `name => /path (address)` or, for the loader, `/path (address)`.
for program in "$runtime/bin/java" "$runtime"/lib/*.so "$runtime/lib/server/libjvm.so"; do
    LD_LIBRARY_PATH="$runtime/lib:$runtime/lib/server" ldd "$program"
done | sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p' | sort -u | while IFS= read -r library; do
    case $library in
        "$runtime"/*) continue ;;
    esac
    mkdir -p "$image${library%/*}"
    cp -L "$library" "$image$library"
    chmod 755 "$image$library"
done

# Java reads names and variables by the locale: this one's charset is UTF-8.
mkdir -p "$image/usr/lib/locale"
cp -RL /usr/lib/locale/C.[Uu][Tt][Ff]* "$image/usr/lib/locale/"

echo 'postern:x:65532:65532:Postern:/var/spool/postern:/nonexistent' >"$image/etc/passwd"
echo 'postern:x:65532:' >"$image/etc/group"
echo 'hosts: files dns' >"$image/etc/nsswitch.conf"
# So that scanners see which glibc this is.
if command -v dpkg-query >/dev/null; then
    mkdir -p "$image/var/lib/dpkg/status.d"
    dpkg-query -s libc6 >"$image/var/lib/dpkg/status.d/libc6"
fi
