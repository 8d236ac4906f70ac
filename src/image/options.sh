#!/bin/sh
# Prints the image's own options for java: options.sh CLASS-PATH AOT-DIRECTORY ITS-PLACE-IN-THE-IMAGE
#
# The heap follows the container's limit. Below some 200 MiB java goes by the second percentage.

set -eu

echo '-XX:MaxRAMPercentage=30'
echo '-XX:MinRAMPercentage=30'
for cache in "$2"/*.aot; do
    if [ -e "$cache" ]; then
        printf '%s\n' "-XX:AOTCache=$3/${cache##*/}" '-Xlog:aot*=off'
    fi
done
printf '%s\n' '-cp' "$1"
