"""What Python's own mail reader finds in messages: a line of JSON for each file named.

    python3 findings.py DIRECTORY

It shares no code with what it is compared with. Only which charset a name really stands for is
told here: Python takes iso-8859-1 at its word, mail readers take it for Windows' superset.
"""

import base64
import email
import email.header
import email.utils
import io
import json
import os
import re
import sys
from email.generator import BytesGenerator
from email.policy import Compat32

MEANT = {
    "": "ascii",
    "us-ascii": "ascii",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "iso-8859-8-i": "iso-8859-8",
}


class AsItIs(Compat32):
    """Header values as they came, an octet a character."""

    def header_fetch_parse(self, name, value):
        return value.encode("ascii", "surrogateescape").decode("latin-1")


def octets(raw):
    return raw.encode("latin-1")


def guessed(octets_):
    try:
        return octets_.decode("utf-8")
    except UnicodeDecodeError:
        return octets_.decode("cp1252", "replace")


def in_charset(octets_, charset):
    plain = charset.lower().strip("'\" ")
    named = MEANT.get(plain, plain)
    if named in ("ascii", "utf-8", "utf8"):
        return guessed(octets_)
    try:
        return octets_.decode(named, "replace")
    except LookupError:
        return guessed(octets_)


def decoded(raw):
    """The text of a header value with encoded words, which Python reads strictly."""
    text = guessed(octets(raw))
    try:
        pieces = email.header.decode_header(text)
    except (email.errors.HeaderParseError, ValueError):
        return text
    words = []
    for piece, charset in pieces:
        if isinstance(piece, str):
            words.append(piece)
        else:
            try:
                literal = piece.decode("raw-unicode-escape") if charset is None else ""
            except UnicodeDecodeError:
                literal = piece.decode("latin-1")
            words.append(literal if charset is None else in_charset(piece, charset))
    return "".join(words)


def unfolded(value):
    return re.sub(r"\r?\n(?=[ \t])|[\r\n]", "", value).strip()


def parameter(part, name, header):
    value = part.get_param(name, None, header)
    if value is None:
        return None
    if isinstance(value, tuple):
        return in_charset(octets(value[2] or ""), value[0] or "")
    return decoded(unfolded(value))


def named(part):
    """get_filename() takes the same two places, but leaves encoded words as they are."""
    name = parameter(part, "filename", "content-disposition")
    return name if name else parameter(part, "name", "content-type")


def as_it_was(part):
    out = io.BytesIO()
    for message in part.get_payload():
        mbox = message.get_unixfrom() is not None
        BytesGenerator(out, mangle_from_=False, maxheaderlen=0).flatten(message, unixfrom=mbox)
    if part.get("Content-Transfer-Encoding", "").strip().lower() == "base64":
        return base64.b64decode(out.getvalue())
    return out.getvalue()


def content_of(part):
    if part.is_multipart():
        return as_it_was(part)
    if "Content-Transfer-Encoding" in part:
        # Blanks around the word make Python take it for none that it knows.
        encoding = part["Content-Transfer-Encoding"].strip()
        part.replace_header("Content-Transfer-Encoding", encoding)
    return part.get_payload(decode=True) or b""


def leaves(part, found):
    if part.is_multipart() and part.get_content_maintype() != "message":
        for child in part.get_payload():
            leaves(child, found)
        return found
    content = content_of(part)
    charset = parameter(part, "charset", "content-type") or ""
    found.append({
        "type": part.get_content_type(),
        "disposition": part.get_content_disposition(),
        "name": named(part),
        "id": unfolded(part.get("Content-ID", "")).strip("<> \t") or None,
        "octets": base64.b64encode(content).decode(),
        "text": in_charset(content, charset),
    })
    return found


def addresses(message, name):
    values = [guessed(octets(unfolded(value))) for value in message.get_all(name, [])]
    return [address for _, address in email.utils.getaddresses(values) if "@" in address]


def findings(file):
    with open(file, "rb") as content:
        message = email.message_from_bytes(content.read(), policy=AsItIs())
    headers = [
        {
            "name": name.strip(),
            "raw": unfolded(value),
            "text": decoded(unfolded(value)),
        }
        for name, value in message.items()
    ]
    return {
        "headers": headers,
        "from": addresses(message, "From"),
        "replyTo": addresses(message, "Reply-To"),
        "leaves": leaves(message, []),
    }


def main():
    directory = sys.argv[1]
    for name in sorted(os.listdir(directory)):
        print(json.dumps(findings(os.path.join(directory, name))))


main()
