#!/bin/sh
# Makes the image that Jib builds upon: nothing but the spool's directory, which is 65532's. Jib itself
# can give a directory to nobody but root.
#
#   jib-base.sh ARCHIVE

set -eu

archive=$1
work=$archive.work
rm -rf "$work"
mkdir -p "$work/root/var/spool/postern"

add() {
    tar --file "$work/layer.tar" --directory "$work/root" --format ustar --no-recursion \
        --numeric-owner --mtime @1 "$@"
}

add --create --owner 0 --group 0 --mode 755 var var/spool
add --append --owner 65532 --group 65532 --mode 700 var/spool/postern

case $(uname -m) in
    aarch64 | arm64) architecture=arm64 ;;
    *) architecture=amd64 ;;
esac
sum=$(sha256sum <"$work/layer.tar")
cat >"$work/config.json" <<END
{"architecture": "$architecture", "os": "linux", "config": {},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:${sum%% *}"]}}
END
echo '[{"Config": "config.json", "RepoTags": null, "Layers": ["layer.tar"]}]' >"$work/manifest.json"
tar --create --file "$archive" --directory "$work" manifest.json config.json layer.tar
rm -rf "$work"
