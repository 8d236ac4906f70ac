#!/bin/bash
# Builds the images without a network: images.sh BASES NAME, where bases.sh wrote, and what they are
# called: NAME:postern and NAME:render by the Dockerfile, NAME:jib by Jib, NAME:app, an app that sends
# mail. As root, with podman and buildah. Maven takes what it needs from its repository on this machine.
set -euo pipefail

bases=$(cd "$1" && pwd)
name=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."
repository=${HOME:-/root}/.m2
# The build stage, kept for the next run: layers that nothing has changed are taken from it.
kept=localhost/postern-test-build
kept_hours=24
work=$(mktemp -d)
jib=

cleanup() {
    if [ -n "$jib" ]; then kill "$jib" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap cleanup EXIT

wrong() {
    echo "$*"
    exit 1
}

in_containers() {
    "$here/containers.sh" "$@"
}

# The second argument is the image's name; what follows it goes to podman.
import() {
    in_containers podman image exists "$2" || in_containers podman import -q "${@:3}" "$bases/$1.tar" "$2"
}

build() {
    in_containers buildah build --layers --force-rm --network=none --pull-never "$@" >"$work/build.log" 2>&1 \
        || wrong "$(tail -40 "$work/build.log")"
}

by_dockerfile() {
    build -v "$repository:/root/.m2" --build-arg MAVEN_OPTIONS=--offline "$@" .
}

# In a copy: a build in the checkout would take away what other tests run from. What Maven has
# compiled there need not be compiled again.
by_jib() {
    local source=$work/source compiled=target/classes/dev/postern/Main.class more=()
    mkdir -p "$source/target"
    tar -c --exclude ./target --exclude ./spool . | tar -x -C "$source"
    if [ -e "$compiled" ] && [ -z "$(find pom.xml src/main -newer "$compiled" -print -quit)" ]; then
        cp -a target/classes "$source/target/"
        more=(-Dmaven.main.skip=true)
    fi
    cd "$source"
    exec mvn -B -Dmaven.test.skip=true -Daot.required=true -Daot.skip=true "${more[@]}" \
        package jib:buildTar -Dimage="$name:jib"
}

# Both at once: either leaves a core idle for much of its time.
by_jib >"$work/jib.log" 2>&1 &
jib=$!

import plain docker.io/library/debian:stable-slim
import build docker.io/library/maven:3.9-eclipse-temurin-25 -c 'ENV JAVA_HOME=/opt/java/openjdk' \
    -c 'ENV PATH=/opt/java/openjdk/bin:/usr/sbin:/usr/bin:/sbin:/bin'
import django localhost/postern-test-django:bookworm

in_containers podman images -q --filter "reference=$kept" --filter "until=${kept_hours}h" \
    | while read -r old; do in_containers podman rmi -f "$old" >/dev/null 2>&1 || true; done
by_dockerfile --target build --iidfile "$work/id"
id=$(sed 's/^sha256://' "$work/id")
in_containers podman tag "$id" "$kept:${id:0:12}"
by_dockerfile -t "$name:postern"
by_dockerfile --build-arg IMAGE_STAGE=render -t "$name:render"
build -t "$name:app" "$here/app"

status=0
wait "$jib" || status=$?
jib=
((status == 0)) || wrong "$(tail -40 "$work/jib.log")"
in_containers podman load -q -i "$work/source/target/jib-image.tar" >/dev/null
echo "built after $SECONDS s"
