#!/bin/sh
# Prints the image's own options for java: options.sh ROOT, the directory that becomes the image.
#
# The heap follows the container's limit. Below some 200 MiB java goes by the second percentage.

set -eu

echo '-XX:MaxRAMPercentage=30'
echo '-XX:MinRAMPercentage=30'
jar=/opt/postern/postern.jar
for cache in "$1"/opt/postern/aot/postern-*.aot; do
    if [ -e "$cache" ]; then
        # The CRC-32 is in the last eight octets of what gzip writes.
        sum=$(gzip -1 <"$1$jar" | tail -c 8 | od -An -N4 -tu4 | tr -d ' ')
        printf '%s\n' "-XX:AOTCache=${cache#"$1"}" '-Xlog:aot*=off' "-Dpostern.cached-jar=$sum:$jar"
    fi
done
printf '%s\n' '-cp' "$jar"
