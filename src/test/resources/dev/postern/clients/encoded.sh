# Header texts as the shell clients need them, encoded by RFC 2047.

word() {
    printf '=?UTF-8?B?%s?=' "$(printf '%s' "$1" | base64 -w0)"
}

subject=$(word "Grüße – 你好 ✓ $TOKEN")
from="$(word 'Zoë Ünïcode') <$SENDER>"
to="$(word 'Jürgen Müller') <to1@example.com>, to2@example.com"
attachment_name=$(word 'Übersicht – 报告.bin')
text='Grüße aus Köln

.a dot first
..two of them
From here on'
html='<p>Grüße aus <b>Köln</b> <img src="cid:logo@example.org"></p>'
