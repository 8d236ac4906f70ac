"""Verifies the signatures of every message in a directory, by dkimpy and by OpenDKIM.

`verify.py RECORDS DIRECTORY`: RECORDS is a JSON file of TXT records by name, served on
127.0.0.1:53. Prints a JSON line for each message: its file's name, whether both of its signatures
are good to dkimpy and the message to OpenDKIM, and what they said.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import threading

import dkim

with open(sys.argv[1]) as file:
    RECORDS = json.load(file)


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


def by_opendkim(path):
    with open(path, "rb") as message:
        done = subprocess.run(["opendkim-testmsg"], stdin=message, capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace").strip()


def main():
    serve()
    for name in sorted(os.listdir(sys.argv[2])):
        path = os.path.join(sys.argv[2], name)
        with open(path, "rb") as file:
            dkimpy = by_dkimpy(file.read())
        status, opendkim = by_opendkim(path)
        print(json.dumps({
            "message": name, "good": dkimpy == ["good", "good"] and status == 0,
            "dkimpy": dkimpy, "opendkim": "%d %s" % (status, opendkim)}))


main()
