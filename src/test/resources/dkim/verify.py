"""Verifies the signatures of every message in a directory, by dkimpy and by OpenDKIM.

`verify.py RECORDS DIRECTORY`: RECORDS is a JSON file of TXT records by name, served on
127.0.0.1:53. Prints a JSON line for each message: its file's name, whether both of its signatures
are good to dkimpy and the message to OpenDKIM, and what they said. OpenDKIM does not look at
messages that have a field twice which may be there once (RFC 5322 section 3.6): of those dkimpy
alone is the judge.
"""

import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading

import dkim

with open(sys.argv[1]) as file:
    RECORDS = json.load(file)


ONCE = {b"date", b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"message-id",
        b"in-reply-to", b"references", b"subject"}


def answer(question, most):
    name, at = [], 12
    while question[at]:
        name.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    end = at + 5
    kind = struct.unpack("!H", question[at + 1:at + 3])[0]
    text = RECORDS.get(".".join(name).lower())
    found = b""
    if text is not None and kind == 16:
        strings = [text[i:i + 255].encode() for i in range(0, len(text), 255)]
        data = b"".join(bytes([len(one)]) + one for one in strings)
        found = struct.pack("!HHHIH", 0xC00C, 16, 1, 60, len(data)) + data
    flags = 0x8580 if text is not None else 0x8583
    if end + len(found) > most:
        flags, found = flags | 0x0200, b""
    head = question[:2] + struct.pack("!HHHHH", flags, 1, 1 if found else 0, 0, 0)
    return head + question[12:end] + found


def over_udp(listener):
    while True:
        question, peer = listener.recvfrom(4096)
        listener.sendto(answer(question, 512), peer)


def over_tcp(listener):
    while True:
        connection, _ = listener.accept()
        with connection:
            size = struct.unpack("!H", connection.recv(2))[0]
            reply = answer(connection.recv(size), 65535)
            connection.sendall(struct.pack("!H", len(reply)) + reply)


def serve():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 53))
    tcp = socket.socket()
    tcp.bind(("127.0.0.1", 53))
    tcp.listen()
    threading.Thread(target=over_udp, args=(udp,), daemon=True).start()
    threading.Thread(target=over_tcp, args=(tcp,), daemon=True).start()


def by_dkimpy(message):
    said = []
    for index in range(2):
        try:
            good = dkim.DKIM(message).verify(
                idx=index, dnsfunc=lambda name, timeout=5: RECORDS.get(
                    name.decode().rstrip(".").lower(), "").encode())
            said.append("good" if good else "bad")
        except dkim.DKIMException as trouble:
            said.append(repr(trouble))
    return said


def is_looked_at(message):
    names = re.findall(rb"(?m)^([^\s:]+):", message.split(b"\r\n\r\n", 1)[0])
    once = [name.lower() for name in names if name.lower() in ONCE]
    return len(once) == len(set(once))


def by_opendkim(message):
    if not is_looked_at(message):
        return "not looked at"
    done = subprocess.run(["opendkim-testmsg"], input=message, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode(errors="replace").strip()
    return "good" if done.returncode == 0 else "%d %s" % (done.returncode, said)


def main():
    serve()
    for name in sorted(os.listdir(sys.argv[2])):
        with open(os.path.join(sys.argv[2], name), "rb") as file:
            message = file.read()
        dkimpy, opendkim = by_dkimpy(message), by_opendkim(message)
        print(json.dumps({
            "message": name, "dkimpy": dkimpy, "opendkim": opendkim,
            "good": dkimpy == ["good", "good"] and opendkim in ("good", "not looked at")}))


main()
