#!/bin/bash
# Builds both images without a network and checks them: images.sh BASES, where bases.sh wrote. As
# root, with podman and buildah. Maven takes what it needs from its repository on this machine.
set -euo pipefail

bases=$(cd "$1" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."
repository=${HOME:-/root}/.m2
limit=90000000
work=$(mktemp -d)
tags=()

in_containers() {
    "$here/containers.sh" "$@"
}

cleanup() {
    ((${#tags[@]} == 0)) || in_containers podman rmi -f "${tags[@]}" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap cleanup EXIT

wrong() {
    echo "$*"
    exit 1
}

import() {
    in_containers podman image exists "$2" || in_containers podman import -q "${@:3}" "$bases/$1.tar" "$2"
}

import plain docker.io/library/debian:stable-slim
import build docker.io/library/maven:3.9-eclipse-temurin-25 -c 'ENV JAVA_HOME=/opt/java/openjdk' \
    -c 'ENV PATH=/opt/java/openjdk/bin:/usr/sbin:/usr/bin:/sbin:/bin'

# A copy: a build in the checkout would take away what other tests run from.
mkdir "$work/source"
tar -c --exclude ./target --exclude ./spool . | tar -x -C "$work/source"
cd "$work/source"

for target in postern render; do
    tags+=("localhost/postern-check:$target")
    in_containers buildah build --layers --network=none --pull-never -v "$repository:/root/.m2" \
        --build-arg MAVEN_OPTIONS=--offline --target "$target" -t "${tags[-1]}" . \
        >"$work/build.log" 2>&1 || wrong "$(tail -40 "$work/build.log")"
done

mvn -B -q -Dmaven.test.skip=true -Daot.required=true -Daot.skip=true package jib:buildTar \
    -Dimage=localhost/postern-check:jib >"$work/jib.log" 2>&1 || wrong "$(tail -40 "$work/jib.log")"
in_containers podman load -q -i target/jib-image.tar
tags+=(localhost/postern-check:jib)

for kind in postern jib; do
    in_containers "$here/check.sh" "localhost/postern-check:$kind"
    bytes=$(in_containers podman save "localhost/postern-check:$kind" | gzip | wc -c)
    echo "$kind: $bytes bytes compressed"
    ((bytes <= limit)) || wrong "$kind is larger than $limit bytes"
done
in_containers "$here/check-render.sh" localhost/postern-check:render
