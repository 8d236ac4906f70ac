#!/bin/sh
# Recipients from the header; the Bcc field is left in, for the listener to remove.
set -eu
python3=${PYTHON:-python3}
"$python3" "$(dirname "$0")/message.py" | msmtp --file=/dev/null --host=127.0.0.1 \
    --port="$SMTP_PORT" --domain=client.example.org --from="$SENDER" --tls=off --auth=off \
    --remove-bcc-headers=off --timeout=30 --read-recipients
