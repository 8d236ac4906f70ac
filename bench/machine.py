"""What a run stands on: control groups, memory, the disk's counters, the next hop, the clients.

Everything here is for one run in namespaces of its own (see run): the processes that are measured
are those of their control group, and nothing but loopback is there.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time

LISTEN = 2525
HOP = 2600
DELAYED_HOP = 2601
HEALTH = 8026

SENDER = "sender@example.org"
RECIPIENT = "recipient@example.net"

CGROUPS = "/sys/fs/cgroup"
UNIFIED = os.path.exists(CGROUPS + "/cgroup.controllers")


class Group:
    """A control group: what a relay's processes used, and what they may use at the most."""

    def __init__(self, name):
        self.name = "bench-%s-%d" % (name, os.getpid())
        self.paths = {}
        for controller in ("cpu", "cpuacct", "memory", "pids"):
            root = CGROUPS if UNIFIED else CGROUPS + "/" + controller
            self.paths[controller] = os.path.join(root, self.name)
            os.makedirs(self.paths[controller], exist_ok=True)
        if UNIFIED:
            write(CGROUPS + "/cgroup.subtree_control", "+cpu +memory +pids")

    def limit(self, cpus=None, memory_mib=None):
        """Bounds the group; None is no bound. Half a CPU is 50 ms of each 100."""
        quota = None if cpus is None else int(cpus * 100_000)
        octets = None if memory_mib is None else memory_mib << 20
        if UNIFIED:
            write(self.paths["cpu"] + "/cpu.max", "%s 100000" % (quota or "max"))
            write(self.paths["memory"] + "/memory.max", str(octets or "max"))
        else:
            write(self.paths["cpu"] + "/cpu.cfs_quota_us", str(quota or -1))
            write(self.paths["memory"] + "/memory.limit_in_bytes", str(octets or -1))

    def join(self):
        """Puts the calling process into the group; its children are born there."""
        for path in set(self.paths.values()):
            write(path + "/cgroup.procs", str(os.getpid()))

    def pids(self):
        return [int(pid) for pid in read(self.paths["pids"] + "/cgroup.procs").split()]

    def cpu_seconds(self):
        if UNIFIED:
            return int(read(self.paths["cpu"] + "/cpu.stat").split()[1]) / 1e6
        return int(read(self.paths["cpuacct"] + "/cpuacct.usage")) / 1e9

    def memory_mib(self):
        """Returns PSS and its anonymous part, of all processes together."""
        pss = anonymous = 0
        for pid in self.pids():
            try:
                with open("/proc/%d/smaps_rollup" % pid) as rollup:
                    for line in rollup:
                        if line.startswith("Pss:"):
                            pss += int(line.split()[1])
                        elif line.startswith("Pss_Anon:"):
                            anonymous += int(line.split()[1])
            except OSError:
                pass
        return round(pss / 1024, 1), round(anonymous / 1024, 1)

    def signal(self, number):
        for pid in self.pids():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def end(self, gently_s=15):
        """Ends the group's processes: asks, waits, kills."""
        for number, seconds in ((signal.SIGTERM, gently_s), (signal.SIGKILL, 10)):
            self.signal(number)
            if wait(lambda: not self.pids(), seconds):
                return
        raise RuntimeError("processes outlive SIGKILL: %s" % self.pids())

    def remove(self):
        for path in set(self.paths.values()):
            try:
                os.rmdir(path)
            except OSError:
                pass


class Disk:
    """The counters of the block device that a directory is on (Documentation/admin-guide/iostats)."""

    def __init__(self, directory):
        device = os.stat(directory).st_dev
        self.device = (os.major(device), os.minor(device))

    def flushes_and_writes(self):
        """Returns flush requests and write requests so far; zeroes where no device is behind it."""
        for line in read("/proc/diskstats").splitlines():
            fields = line.split()
            if (int(fields[0]), int(fields[1])) == self.device:
                return int(fields[18]) if len(fields) > 18 else 0, int(fields[7])
        return 0, 0


class Hop:
    """The next hop of every relay: Postfix's smtp-sink, which counts what it took."""

    COUNTER = "/dev/shm/bench-hop"

    def __init__(self):
        self.out = open(self.COUNTER, "wb")
        self.process = subprocess.Popen(
            ["/usr/sbin/smtp-sink", "-c", "-u", "nobody", "-m", "1000", "-t", "300",
             "127.0.0.1:%d" % HOP, "1024"],
            stdout=self.out, stderr=subprocess.STDOUT)
        self.counter = os.open(self.COUNTER, os.O_RDONLY)
        if not wait(lambda: connects(HOP), 5):
            raise RuntimeError("smtp-sink does not listen")

    def count(self):
        """Returns how many messages came. It writes `mesg=N` over and over, ended by a CR."""
        while True:
            size = os.fstat(self.counter).st_size
            tail = os.pread(self.counter, 200, max(0, size - 200))
            if b"mesg=" not in tail:
                return 0
            whole = [part for part in tail.split(b"mesg=")[1:] if b"\r" in part]
            if whole:
                return int(whole[-1].split(b"\r")[0])

    def close(self):
        self.process.terminate()
        self.process.wait()
        os.close(self.counter)
        self.out.close()


class DelayedHop:
    """The same next hop, 50 ms away: what goes through it arrives half of that later.

    The first octets of a connection take one round trip more, which its handshake would.
    """

    def __init__(self, round_trip_ms=50):
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(DELAYED_HOP), str(HOP), str(round_trip_ms)])
        if not wait(lambda: connects(DELAYED_HOP), 5):
            raise RuntimeError("the delaying relay does not listen")

    def close(self):
        self.process.terminate()
        self.process.wait()


async def delay(port, to, round_trip_ms):
    way = round_trip_ms / 2000

    async def pass_on(reader, writer, first_s):
        """Two tasks, so that what comes later is read while what came waits."""
        loop = asyncio.get_running_loop()
        waiting = asyncio.Queue()

        async def read_on():
            extra = first_s
            while True:
                octets = await reader.read(65536)
                await waiting.put((loop.time() + way + extra, octets))
                extra = 0
                if not octets:
                    return

        reading = asyncio.create_task(read_on())
        try:
            while True:
                due, octets = await waiting.get()
                await asyncio.sleep(max(0, due - loop.time()))
                if not octets:
                    return
                writer.write(octets)
                await writer.drain()
        except OSError:
            pass
        finally:
            reading.cancel()
            writer.close()

    async def accept(reader, writer):
        there = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(
            pass_on(there[0], writer, 2 * way), pass_on(reader, there[1], 0), return_exceptions=True)

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def source(sessions, messages, octets, kept_open, port=LISTEN):
    """Returns the command of Postfix's smtp-source that sends so many."""
    command = ["/usr/sbin/smtp-source", "-s", str(sessions), "-m", str(messages), "-l", str(octets),
               "-f", SENDER, "-t", RECIPIENT]
    return command + (["-d"] if kept_open else []) + ["127.0.0.1:%d" % port]


class Client:
    """A connection that says one thing at a time."""

    def __init__(self, port=LISTEN, timeout=30):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.replies = self.socket.makefile("rb")

    def reply(self):
        while True:
            line = self.replies.readline()
            if not line:
                raise OSError("closed")
            if line[3:4] != b"-":
                if line[:1] not in b"23":
                    raise OSError(line.decode(errors="replace").strip())
                return line.decode(errors="replace").strip()

    def say(self, command):
        self.socket.sendall(command)
        return self.reply()

    def close(self):
        try:
            self.socket.sendall(b"QUIT\r\n")
        except OSError:
            pass
        self.replies.close()
        self.socket.close()


def send_one(recipient=RECIPIENT, octets=4096):
    """Sends a message by a connection of its own; returns the seconds from connect to its 250, and
    that reply."""
    head = ("From: <%s>\r\nTo: <%s>\r\nSubject: bench\r\n"
            "Date: Mon, 30 Nov 2026 12:00:00 +0000\r\n\r\n" % (SENDER, recipient)).encode()
    line = b"x" * 78 + b"\r\n"
    body = line * max(1, (octets - len(head)) // len(line))
    begin = time.perf_counter()
    client = Client()
    client.reply()
    for command in ("EHLO bench.example.org", "MAIL FROM:<%s>" % SENDER,
                    "RCPT TO:<%s>" % recipient, "DATA"):
        client.say(command.encode() + b"\r\n")
    reply = client.say(head + body + b".\r\n")
    seconds = time.perf_counter() - begin
    client.close()
    return seconds, reply


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def greets(port):
    """Returns whether a server says 220 there."""
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as greeted:
            greeted.settimeout(30)
            if greeted.recv(3) != b"220":
                return False
            greeted.sendall(b"QUIT\r\n")
            greeted.recv(500)
            return True
    except OSError:
        return False


def wait(condition, seconds, pause=0.01):
    """Returns whether the condition came to hold within so many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def percentile(values, of_hundred):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * of_hundred // 100)]


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    try:
        asyncio.run(delay(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
    except KeyboardInterrupt:
        pass
