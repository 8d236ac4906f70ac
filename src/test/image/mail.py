"""Takes and sends mail within a container's network: mail.py COUNT MEBIBYTES.

A next hop on port 2626 takes what Postern, on port 2525, is given; ends with 0 once all arrived whole.
"""

import hashlib
import smtplib
import socket
import socketserver
import sys
import threading
import time
import urllib.request

COUNT, MEBIBYTES = int(sys.argv[1]), int(sys.argv[2])
arrived = set()


class Session(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"EHLO":
                self.wfile.write(b"250-sink\r\n250-SIZE 60000000\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.take()
                self.wfile.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")

    def take(self):
        digest, body, subject = hashlib.sha256(), False, None
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            if body:
                digest.update(line)
            elif line.startswith(b"Subject:"):
                subject = line.split()[1].decode()
            elif line == b"\r\n":
                body = True
        if line and digest.hexdigest() == subject:
            arrived.add(subject)


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def submit(number):
    line = b"%08d" % number + b"x" * 66 + b"\r\n"
    body = line * (MEBIBYTES * 1024 * 1024 // len(line))
    digest = hashlib.sha256(body).hexdigest()
    head = f"From: app@example.org\r\nTo: user@example.com\r\nSubject: {digest}\r\n\r\n"
    with smtplib.SMTP("127.0.0.1", 2525, timeout=300) as session:
        session.ehlo("app")
        session.docmd("MAIL", "FROM:<app@example.org>")
        session.docmd("RCPT", "TO:<user@example.com>")
        code, words = session.docmd("DATA")
        session.sock.sendall(head.encode() + body + b".\r\n")
        code, words = session.getreply()
        if code != 250:
            sys.exit(f"refused: {code} {words}")
    return digest


def until(what, condition):
    deadline = time.monotonic() + 300
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"not within 300 s: {what}")
        time.sleep(0.1)


def listens():
    try:
        with socket.create_connection(("127.0.0.1", 2525), 5) as session:
            return session.recv(3) == b"220"
    except OSError:
        return False


def ready():
    try:
        with urllib.request.urlopen("http://127.0.0.1:8026/health/ready", timeout=60) as answer:
            return answer.status == 200
    except OSError:
        return False


threading.Thread(target=Sink(("127.0.0.1", 2626), Session).serve_forever, daemon=True).start()
until("Postern listens", listens)
until("Postern is ready", ready)
sent, submitters = set(), []
for first in range(4):
    numbers = range(first, COUNT, 4)
    submitters.append(
        threading.Thread(target=lambda all=numbers: sent.update(submit(n) for n in all))
    )
for thread in submitters:
    thread.start()
for thread in submitters:
    thread.join()
if len(sent) != COUNT:
    sys.exit(f"only {len(sent)} of {COUNT} were taken")
until("everything arrives", lambda: sent <= arrived)
print(f"{COUNT} of {MEBIBYTES} MiB arrived whole")
