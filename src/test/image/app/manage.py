"""An app: mail when its database is migrated, at its very start, and then a lot at once."""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management import execute_from_command_line
from django.db.models.signals import post_migrate

SMALL, LARGE, AT_ONCE = 200, 8, 8
LARGE_BYTES = 10 * 1024 * 1024

settings.configure(
    EMAIL_HOST=os.environ.get("EMAIL_HOST", "localhost"),
    EMAIL_PORT=int(os.environ.get("EMAIL_PORT", "2525")),
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes"],
    USE_TZ=True,
)


def send(name, attached=0):
    mail = EmailMessage(name, "Hello.\n", f"{name}@example.org", ["user@example.com"])
    if attached:
        mail.attach("report", os.urandom(attached), "application/octet-stream")
    mail.send()


def serve():
    send("start")
    # Process 1 ends by a signal only if it asks for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with ThreadPoolExecutor(AT_ONCE) as threads:
        mails = [threads.submit(send, f"large-{n}", LARGE_BYTES) for n in range(LARGE)]
        mails += [threads.submit(send, f"small-{n}") for n in range(SMALL)]
        for mail in mails:
            mail.result()
    print("all sent", flush=True)
    signal.sigwait({signal.SIGTERM})


if sys.argv[1:] == ["serve"]:
    serve()
else:
    post_migrate.connect(lambda **_: send("migrate"), weak=False)
    execute_from_command_line()
