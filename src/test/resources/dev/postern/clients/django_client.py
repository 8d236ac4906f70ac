import os
from email.mime.image import MIMEImage

import django
from django.conf import settings

settings.configure(
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=int(os.environ["SMTP_PORT"]),
    EMAIL_TIMEOUT=30,
    USE_TZ=True,
)
django.setup()

from django.core.mail import EmailMultiAlternatives

from message import ATTACHMENT_NAME, BCC, CC, HTML, SUBJECT, TEXT, read

mail = EmailMultiAlternatives(
    SUBJECT,
    TEXT,
    "Zoë Ünïcode <%s>" % os.environ["SENDER"],
    ["Jürgen Müller <to1@example.com>", "to2@example.com"],
    bcc=BCC,
    cc=[CC],
)
mail.attach_alternative(HTML, "text/html")
logo = MIMEImage(read("logo.png"), "png")
logo.add_header("Content-ID", "<logo@example.org>")
logo.add_header("Content-Disposition", "inline")
mail.attach(logo)
mail.attach(ATTACHMENT_NAME, read("attachment"), "application/octet-stream")
assert mail.send() == 1
