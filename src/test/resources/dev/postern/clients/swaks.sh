#!/bin/sh
set -eu
. "$(dirname "$0")/encoded.sh"
exec swaks --silent 2 --server 127.0.0.1 --port "$SMTP_PORT" --helo client.example.org \
    --from "$SENDER" \
    --to to1@example.com,to2@example.com,cc@example.com,bcc1@example.net,bcc2@example.net \
    --h-From "$from" --h-To "$to" --h-Subject "$subject" \
    --add-header 'Cc: cc@example.com' --add-header 'Bcc: bcc1@example.net, bcc2@example.net' \
    --attach-type 'text/plain; charset=utf-8' --attach-body "$text" \
    --attach-type 'text/html; charset=utf-8' --attach-body "$html" \
    --attach-type image/png --attach-name logo.png --attach "@$ASSETS/logo.png" \
    --attach-type application/octet-stream --attach-name "$attachment_name" \
    --attach "@$ASSETS/attachment"
