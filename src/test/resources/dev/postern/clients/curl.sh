#!/bin/sh
# The text is sent as it is, so with bare line feeds, and dots that nobody stuffs after them.
set -eu
. "$(dirname "$0")/encoded.sh"
printf '%s\n' "$html" >"$ASSETS/body.html"
exec curl -sS --max-time 30 "smtp://127.0.0.1:$SMTP_PORT/client.example.org" \
    --mail-from "$SENDER" --mail-rcpt to1@example.com --mail-rcpt to2@example.com \
    --mail-rcpt cc@example.com --mail-rcpt bcc1@example.net --mail-rcpt bcc2@example.net \
    -H "From: $from" -H "To: $to" -H 'Cc: cc@example.com' -H "Subject: $subject" \
    -H 'Bcc: bcc1@example.net,' -H 'bcc: bcc2@example.net' \
    -F '=(;type=multipart/related' -F '=(;type=multipart/alternative' \
    -F "=$text;type=text/plain;charset=utf-8;encoder=8bit" \
    -F "=<$ASSETS/body.html;type=text/html;charset=utf-8;encoder=quoted-printable" -F '=)' \
    -F "=@$ASSETS/logo.png;type=image/png;encoder=base64;headers=\"Content-ID: <logo@example.org>\"" \
    -F '=)' \
    -F "=@$ASSETS/attachment;type=application/octet-stream;encoder=base64;filename=\"$attachment_name\""
