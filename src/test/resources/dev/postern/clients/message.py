"""The message that the Python clients send. Run by itself it prints it, Bcc field and all."""

import os
import sys
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage

ATTACHMENT_NAME = "Übersicht – 报告.bin"
SUBJECT = "Grüße – 你好 ✓ " + os.environ["TOKEN"]
TEXT = "Grüße aus Köln\n\n.a dot first\n..two of them\nFrom here on\n"
HTML = '<p>Grüße aus <b>Köln</b> <img src="cid:logo@example.org"></p>\n'
TO = [Address("Jürgen Müller", "to1", "example.com"), Address("", "to2", "example.com")]
CC = "cc@example.com"
BCC = ["bcc1@example.net", "bcc2@example.net"]


def read(name):
    with open(os.path.join(os.environ["ASSETS"], name), "rb") as file:
        return file.read()


def message():
    built = EmailMessage()
    built["Subject"] = SUBJECT
    built["From"] = Address("Zoë Ünïcode", addr_spec=os.environ["SENDER"])
    built["To"] = TO
    built["Cc"] = CC
    built["Bcc"] = ", ".join(BCC)
    built.set_content(TEXT)
    built.add_alternative(HTML, subtype="html")
    built.get_payload()[1].add_related(
        read("logo.png"), "image", "png", cid="<logo@example.org>", disposition="inline"
    )
    built.add_attachment(
        read("attachment"), "application", "octet-stream", filename=ATTACHMENT_NAME
    )
    return built


if __name__ == "__main__":
    sys.stdout.buffer.write(message().as_bytes(policy=policy.SMTP.clone(linesep="\n")))
