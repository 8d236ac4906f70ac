#!/bin/bash
# Makes the .deb and the .rpm: build.sh DISTRIBUTION OUTPUT, where DISTRIBUTION is the directory
# target/postern-VERSION of `mvn package -Pruntime`. It needs dpkg-deb and rpmbuild (Debian's
# packages dpkg and rpm); with one of the two it makes that one, and says so.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
distribution=$(cd "$1" && pwd)
output=$(cd "$2" && pwd)

say() { printf 'packages: %s\n' "$*"; }

if [[ ! -x $distribution/runtime/bin/java ]]; then
    say "$distribution has no runtime: run mvn package -Pruntime"
    exit 1
fi

version=${distribution##*/postern-}
# A snapshot comes before the version that it becomes.
version=${version/-SNAPSHOT/\~snapshot}
case $(uname -m) in
    x86_64) arch=amd64 ;;
    aarch64) arch=arm64 ;;
    *) say "no packages for $(uname -m)" && exit 1 ;;
esac
SOURCE_DATE_EPOCH=$(stat -c %Y "$distribution/postern.jar")
export SOURCE_DATE_EPOCH

work=$(mktemp -d "$output/packaging.XXXXXX")
trap 'rm -rf "$work"' EXIT

# What both packages have.
lay_out() {
    local root=$1 unit=$2
    mkdir -p "$root"/{etc/postern,usr/{bin,sbin,lib/postern/conf},usr/share/{doc/postern,man/man1}}
    install -d -m 0700 "$root/etc/postern/credentials"
    install -D -m 0644 "$here/postern.service" "$root/$unit/postern.service"
    install -m 0644 "$here/postern.yaml" "$root/etc/postern/postern.yaml"
    local home=$root/usr/lib/postern
    cp -a "$distribution"/{bin,lib,runtime,postern.jar} "$home/"
    [[ ! -d $distribution/aot ]] || cp -a "$distribution/aot" "$home/"
    install -m 0644 "$distribution/conf/java.options" "$home/conf/java.options"
    ln -s ../lib/postern/bin/postern "$root/usr/bin/postern"
    install -m 0644 "$distribution"/{README.md,CHANGELOG.md} "$root/usr/share/doc/postern/"
    cp -a "$distribution/docs" "$root/usr/share/doc/postern/"
    gzip -9nc "$here/postern.1" >"$root/usr/share/man/man1/postern.1.gz"
    chmod -R u=rwX,go=rX "$root/usr"
}

# Files that are the same each time are as old each time; those that the AOT cache goes by keep
# their age.
date_all() {
    find "$1" ! -path '*/usr/lib/postern/*' -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
}

make_deb() {
    local root=$work/deb
    lay_out "$root" lib/systemd/system
    install -m 0755 "$here/sendmail" "$root/usr/sbin/sendmail"
    ln -s ../sbin/sendmail "$root/usr/lib/sendmail"
    install -m 0755 "$here"/{mailq,newaliases} "$root/usr/bin/"
    mkdir -p "$root"/usr/share/man/man8 "$root/usr/share/lintian/overrides" "$root/DEBIAN"
    ln -s ../man1/postern.1.gz "$root/usr/share/man/man8/sendmail.8.gz"
    ln -s postern.1.gz "$root/usr/share/man/man1/mailq.1.gz"
    ln -s postern.1.gz "$root/usr/share/man/man1/newaliases.1.gz"
    local doc=$root/usr/share/doc/postern
    gzip -9n "$doc/CHANGELOG.md"
    mv "$doc/CHANGELOG.md.gz" "$doc/changelog.gz"
    printf 'postern (%s) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- %s  %s\n' \
        "$version-1" "The Postern developers <postern@postern.dev>" \
        "$(date -Ru -d "@$SOURCE_DATE_EPOCH")" | gzip -9nc >"$doc/changelog.Debian.gz"
    install -m 0644 "$here/deb/copyright.in" "$doc/copyright"
    install -m 0644 "$here/deb/lintian-overrides" "$root/usr/share/lintian/overrides/postern"
    install -m 0755 "$here"/deb/{postinst,prerm,postrm} "$root/DEBIAN/"
    install -m 0644 "$here/deb/conffiles" "$root/DEBIAN/conffiles"
    sed -e "s/@VERSION@/$version-1/" -e "s/@ARCH@/$arch/" \
        -e "s/@SIZE@/$(du -sk --apparent-size "$root" | cut -f1)/" \
        "$here/deb/control.in" >"$root/DEBIAN/control"
    (cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | LC_ALL=C sort -z \
        | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    date_all "$root"
    local package=$output/postern_${version}-1_$arch.deb
    dpkg-deb --root-owner-group -Zxz -z3 --build "$root" "$package" >/dev/null
    say "${package##*/}: $(du -h --apparent-size "$package" | cut -f1)"
}

make_rpm() {
    local root=$work/rpm
    lay_out "$root" usr/lib/systemd/system
    install -d -m 0700 "$root/var/spool/postern"
    install -m 0755 "$here/sendmail" "$root/usr/sbin/sendmail.postern"
    ln -s ../sbin/sendmail.postern "$root/usr/lib/sendmail.postern"
    install -m 0755 "$here/mailq" "$root/usr/bin/mailq.postern"
    install -m 0755 "$here/newaliases" "$root/usr/bin/newaliases.postern"
    install -D -m 0644 "$distribution/LICENSE" "$root/usr/share/licenses/postern/LICENSE"
    # They belong to what `alternatives` makes and to %post: named in the package, not in it.
    : >"$root/etc/postern/admin-token"
    ln -s sendmail.postern "$root/usr/sbin/sendmail"
    ln -s mailq.postern "$root/usr/bin/mailq"
    ln -s newaliases.postern "$root/usr/bin/newaliases"
    ln -s sendmail.postern "$root/usr/lib/sendmail"
    date_all "$root"
    rpmbuild -bb --quiet --target "$(uname -m)-linux" --buildroot "$work/buildroot" \
        --define "_topdir $work/top" --define "_rpmdir $work" \
        --define "_rpmfilename postern.rpm" --define "tree $root" \
        --define "postern_version $version" "$here/rpm/postern.spec" >"$work/rpmbuild.log" 2>&1 \
        || { cat "$work/rpmbuild.log"; exit 1; }
    local package=$output/postern-$version-1.$(uname -m).rpm
    mv "$work/postern.rpm" "$package"
    say "${package##*/}: $(du -h --apparent-size "$package" | cut -f1)"
}

rm -f "$output"/postern_*.deb "$output"/postern-*.rpm
made=
if command -v dpkg-deb >/dev/null; then
    make_deb
    made=yes
else
    say "no .deb: dpkg-deb is missing (Debian: dpkg)"
fi
if command -v rpmbuild >/dev/null; then
    make_rpm
    made=yes
else
    say "no .rpm: rpmbuild is missing (Debian: rpm)"
fi
[[ $made ]]
