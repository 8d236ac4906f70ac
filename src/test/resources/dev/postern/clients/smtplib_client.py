import os
import smtplib

from message import message

with smtplib.SMTP("127.0.0.1", int(os.environ["SMTP_PORT"]), timeout=30) as server:
    refused = server.send_message(message())
assert not refused, refused
