"""What Python's own mail reader finds in messages: a line of JSON for each file.

    python3 reader.py DIRECTORY

It shares no code with what it is compared with. Told here is only what Python leaves open: which
charset a name stands for in mail (iso-8859-1 is Windows' superset), and which one raw octets of a
header field are in (RFC 6532: UTF-8; else the message's own).
"""

import base64
import email.header
import email.message
import email.parser
import email.policy
import email.utils
import json
import os
import re
import sys

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
COMMENTED = ("content-type", "content-disposition", "content-transfer-encoding")
LISTS = ("from", "to", "cc", "reply-to")


def codec(charset):
    plain = (charset or "").lower().strip("'\" ")
    return MEANT.get(plain, plain)


def is_known(charset):
    try:
        "".encode(codec(charset))
        return True
    except (LookupError, UnicodeError):
        return False


def read_in(octets, charset):
    """RFC 2045 §5.2: without a name it is ASCII; what is more is told by what it can be."""
    if codec(charset) in ("ascii", "utf-8", "utf8") or not is_known(charset):
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError:
            named = codec(charset) in ("utf-8", "utf8")
            return octets.decode("utf-8" if named else "cp1252", "replace")
    return octets.decode(codec(charset), "replace")


class Policy(email.policy.EmailPolicy):
    """The default, with raw octets of header fields read as text."""

    charset = "utf-8"

    def header_source_parse(self, sourcelines):
        name, value = sourcelines[0].split(":", 1)
        value = "".join((value.lstrip(" \t"), *sourcelines[1:])).rstrip("\r\n")
        octets = value.encode("utf-8", "surrogateescape")
        try:
            text = octets.decode("utf-8")
        except UnicodeDecodeError:
            text = octets.decode(codec(Policy.charset) if is_known(Policy.charset) else "cp1252",
                                 "replace")
        text = re.sub(r"[\r\n]+", "", text)
        return name, without_comments(text) if name.strip().lower() in COMMENTED else text


def decoded(text):
    """RFC 2047, whoever wrote it: octets of neighbours in one charset belong together."""
    words = []
    try:
        pieces = email.header.decode_header(text)
    except (email.errors.HeaderParseError, ValueError):
        return text
    for piece, charset in pieces:
        if isinstance(piece, str):
            words.append(piece)
        elif charset is None:
            try:
                words.append(piece.decode("raw-unicode-escape"))  # as Python made it
            except UnicodeDecodeError:
                words.append(piece.decode("latin-1"))
        else:
            words.append(read_in(piece, charset.split("*")[0]))
    return "".join(words)


WORDS = re.compile(r"(?:=\?[^?\s]+\?[BbQq]\?[^?\r\n]*\?=(?:\s+(?==\?))?)+")


def joined(text):
    """RFC 2047 §6.2: white space between encoded words is none; Python keeps it in phrases."""
    def whole(found):
        text = decoded(found[0].rstrip())
        blank = " " if found[0] != found[0].rstrip() else ""
        return "=?utf-8?b?%s?=%s" % (base64.b64encode(text.encode()).decode(), blank)
    return WORDS.sub(whole, text)


def without_comments(text):
    """RFC 2045 §5.1 allows them anywhere between the pieces; Python keeps them in parameters."""
    kept, depth, quoted, escaped = [], 0, False, False
    for sign in text:
        if depth == 0:
            kept.append(sign)
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == '"' and depth == 0:
            quoted = not quoted
        elif sign == "(" and not quoted:
            if depth == 0:
                kept.pop()
            depth += 1
        elif sign == ")" and depth > 0:
            depth -= 1
    return "".join(kept) if depth == 0 else text


def raw_values(part, name):
    return [value for key, value in part.raw_items() if key.strip().lower() == name]


def mailboxes(message, name):
    """Mailboxes in their order, and the names of groups."""
    people, groups, others = [], [], []
    for raw in raw_values(message, name):
        try:
            header = message.policy.header_factory(name, joined(raw))
            for group in header.groups:
                if group.display_name is not None:
                    groups.append(decoded(group.display_name))
                for one in group.addresses:
                    if one.addr_spec and one.addr_spec != "<>":
                        people.append({"name": decoded(one.display_name or ""),
                                       "address": one.addr_spec})
                    else:
                        others.append(decoded(one.display_name or ""))
        except Exception:
            for shown, address in email.utils.getaddresses([raw]):
                if "@" in address:
                    people.append({"name": decoded(shown), "address": address})
    return people, groups, others


def plain_parameters(part, header):
    """Values as RFC 2231 has them, encoded words in them decoded as all mail programs do."""
    found = {}
    carrier = email.message.Message()
    for raw in raw_values(part, header)[:1]:
        carrier[header] = raw
    for name, value in (carrier.get_params([], header) or [])[1:]:
        if isinstance(value, tuple):
            octets = (value[2] or "").encode("latin-1", "replace")
            # What has a charset stands before the fallback for those who can't read it.
            found[name.lower().rstrip("*")] = read_in(octets, value[0] or "ascii")
        else:
            value = decoded(email.utils.unquote(value))
            found.setdefault(name.lower().rstrip("*"), value)
    return found


def first(part, name):
    values = raw_values(part, name)
    return decoded(values[0]).strip() if values else None


def node(part):
    fields = {}
    names = []
    for name, value in part.raw_items():
        key = name.strip().lower()
        names.append(key)
        if key.startswith("content-") and key not in ("content-type", "content-disposition",
                                                      "content-transfer-encoding"):
            fields.setdefault(key, decoded(value).strip())
    disposition = first(part, "content-disposition")
    found = {
        "type": part.get_content_type(),
        "again": sorted({name for name in names
                         if name.startswith("content-") and names.count(name) > 1}),
        "parameters": plain_parameters(part, "content-type"),
        "disposition": re.split(r"[;\s(]", disposition)[0].lower() if disposition else None,
        "dispositionParameters": plain_parameters(part, "content-disposition"),
        "fields": fields,
    }
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        found["children"] = [node(child) for child in part.get_payload()]
        return found
    if part.get_content_maintype() == "multipart":
        # What has no parts is what it says.
        found["hollow"], found["type"] = found["type"], "text/plain"
    octets = content_of(part)
    found["octets"] = base64.b64encode(octets).decode()
    if found["type"].startswith("text/"):
        charset = found["parameters"].get("charset", "")
        found["text"] = read_in(octets, charset)
        found["charsetKnown"] = is_known(charset)
    return found


def encoding_of(part):
    """RFC 2045 §6.1."""
    return "".join(raw_values(part, "content-transfer-encoding")[:1]).strip().lower()


def content_of(part):
    encoding = encoding_of(part)
    if part.is_multipart():
        octets = b"".join(child.as_bytes(policy=part.policy.clone(max_line_length=0))
                          for child in part.get_payload())
        return base64.b64decode(octets) if encoding == "base64" else octets
    carrier = email.message.Message()
    carrier["Content-Transfer-Encoding"] = encoding
    carrier.set_payload(part._payload)
    return carrier.get_payload(decode=True) or b""


def charset_of(octets):
    message = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(octets)
    for part in message.walk():
        charset = part.get_content_charset()
        if charset and is_known(charset) and codec(charset) not in ("ascii", "utf-8", "utf8"):
            return charset
    return "cp1252"


def findings(octets):
    Policy.charset = charset_of(octets)
    message = email.parser.BytesParser(policy=Policy(raise_on_defect=False)).parsebytes(octets)
    found = {"groups": [], "others": []}
    for name in LISTS:
        found[name], groups, others = mailboxes(message, name)
        found["groups"] += [name + " " + group for group in groups]
        found["others"] += [name + " " + other for other in others]
    subjects = raw_values(message, "subject")
    found["subject"] = decoded(subjects[0]).strip() if subjects else None
    found["headers"] = [
        {"name": name.strip(), "raw": value.strip(), "value": decoded(value).strip()}
        for name, value in message.raw_items()
    ]
    found["tree"] = node(message)
    return found


def main():
    directory = sys.argv[1]
    for name in sorted(os.listdir(directory)):
        with open(os.path.join(directory, name), "rb") as content:
            print(json.dumps(findings(content.read())))


main()
