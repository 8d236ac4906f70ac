#!/bin/sh
# Makes the keys of the tests anew (openssl 3). They protect nothing.
set -eu
cd "$(dirname "$0")"
days=36500
ca() { # ca NAME COMMON-NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days $days \
        -subj "/CN=$2" -addext basicConstraints=critical,CA:TRUE -keyout "$1.key" -out "$1.pem"
}
leaf() { # leaf NAME COMMON-NAME SUBJECT-ALTERNATIVE-NAMES FROM TO
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
        -addext "subjectAltName=$3" -keyout leaf.key -out leaf.csr
    : > index.txt
    printf '[ca]\ndefault_ca = one\n[one]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes\n%s\n' \
        "default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied" > ca.cnf
    openssl ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -in leaf.csr -out leaf.pem \
        -notext -startdate "$4" -enddate "$5"
    cat leaf.key leaf.pem ca.pem > "$1.pem"
    rm -f leaf.* index.* ca.cnf [0-9A-F][0-9A-F]*.pem
}
ca ca "Postern Test CA"
ca stranger "Stranger"
cat stranger.key stranger.pem > stranger.both
leaf localhost localhost DNS:localhost,IP:127.0.0.1 20200101000000Z 21200101000000Z
leaf other vps-4711.other.example DNS:vps-4711.other.example,DNS:mail.other.example 20200101000000Z 21200101000000Z
leaf expired localhost DNS:localhost 20200101000000Z 20210101000000Z
mv stranger.both stranger.pem
rm ca.key stranger.key
