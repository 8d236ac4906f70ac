"""The figures of one relay in one round. Each is recorded as a name, a value and a unit."""

import os
import signal
import subprocess
import time

import machine
from machine import LISTEN, DelayedHop, Disk, Group, Hop, percentile, send_one, wait

MODES = (("one a connection", False), ("kept open", True))
SESSIONS = (1, 10, 50)

START_CPUS = (2, 0.5, 0.1)
START_LIMIT_S = 120
IDLE_LIMIT_S = 60

# Idle is when three seconds in a row took less than a hundredth of a CPU.
IDLE_SECONDS, IDLE_CPU = 3, 0.01

LARGE, LARGE_OCTETS = 50, 10 << 20
DELAYED = 60
BACKLOG_MEMORY_MIB = 128

BARE_JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
WORD = 'class Word { public static void main(String[] a) { System.out.println("word"); } }\n'


class Battery:
    """Measures one relay, from its start to its end.

    `settings` has messages (of a rate), warm_s (of load), latencies, backlog (messages), starts,
    and parts, the names of what is to be measured.
    """

    PARTS = ("start", "memory", "latency", "cold", "warm", "large", "delay", "off", "backlog")

    def __init__(self, relay, settings, record):
        self.relay = relay
        self.settings = settings
        self.record = record
        self.disk = Disk(os.path.dirname(relay.work))
        self.group = Group(relay.name)
        self.hop = None

    def run(self):
        try:
            for part in self.PARTS:
                if part in self.settings.parts:
                    getattr(self, part)()
        finally:
            self.group.end()
            self.group.remove()
            if self.hop:
                self.hop.close()

    # The relay, started and ended.

    def set_up(self, **how):
        self.relay.afresh()
        self.relay.set_up(**how)

    def start(self):
        """CPU and wall to the first 220, with all of two CPUs, half of one, and a tenth."""
        for cpus in START_CPUS:
            for _ in range(self.settings.starts if cpus >= 1 else 1):
                self.set_up()
                self.group.limit(cpus=cpus)
                wall, cpu = self.begin()
                self.record("start: wall to 220, %s CPU" % cpus, wall * 1000, "ms")
                self.record("start: CPU to 220, %s CPU" % cpus, cpu * 1000, "ms")
                if cpus >= 2:
                    self.record("start: CPU until idle", (cpu + self.rest()) * 1000, "ms")
                self.group.end()
        self.group.limit()
        if self.relay.name == "postern":
            self.commands()

    def begin(self):
        """Starts the relay; returns the seconds, and those of CPU, to its first 220."""
        cpu = self.group.cpu_seconds()
        begin = time.perf_counter()
        with open(self.relay.work + "/output", "ab") as output:
            self.process = subprocess.Popen(
                self.relay.command(), env=dict(os.environ, **self.relay.environment()),
                cwd=self.relay.work, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                preexec_fn=self.group.join, start_new_session=True)
        if not wait(lambda: machine.greets(LISTEN), START_LIMIT_S, 0.002):
            raise RuntimeError("%s did not greet: see its output" % self.relay.name)
        return time.perf_counter() - begin, self.group.cpu_seconds() - cpu

    def rest(self):
        """Returns the seconds of CPU until the relay is idle."""
        begin = self.group.cpu_seconds()
        quiet = 0
        for _ in range(IDLE_LIMIT_S):
            before = self.group.cpu_seconds()
            time.sleep(1)
            quiet = quiet + 1 if self.group.cpu_seconds() - before < IDLE_CPU else 0
            if quiet == IDLE_SECONDS:
                break
        return self.group.cpu_seconds() - begin

    def commands(self):
        """A bare JVM, and the commands that run once a mail; CPU from exec to exit."""
        java = os.path.join(os.environ["JAVA_HOME"], "bin")
        machine.write(self.relay.work + "/Word.java", WORD)
        subprocess.run([java + "/javac", "-d", self.relay.work, self.relay.work + "/Word.java"],
                       check=True)
        mail = b"From: a@example.org\nTo: b@example.net\nSubject: bench\n\nx\n"
        program = self.relay.program
        for name, command in (
                ("bare JVM", [java + "/java", *BARE_JVM, "-cp", self.relay.work, "Word"]),
                ("version", [program, "version"]),
                ("sendmail, nobody listens", [program, "sendmail", "-i", "b@example.net"])):
            for _ in range(self.settings.starts):
                cpu = self.group.cpu_seconds()
                subprocess.run(
                    command, input=mail, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    env=dict(os.environ, **self.relay.environment()),
                    preexec_fn=self.group.join, check=False)
                self.record("command: CPU of " + name, (self.group.cpu_seconds() - cpu) * 1000, "ms")

    def up(self, **how):
        """Starts the relay afresh, with a next hop that has counted nothing yet."""
        self.group.end()
        if self.hop:
            self.hop.close()
        self.hop = Hop()
        self.set_up(**how)
        self.begin()

    # The figures.

    def memory(self):
        self.up()
        self.rest()
        self.record_memory("idle")

    def record_memory(self, when):
        pss, anonymous = self.group.memory_mib()
        self.record("memory: PSS, " + when, pss, "MiB")
        self.record("memory: anonymous, " + when, anonymous, "MiB")

    def latency(self):
        """One message after another, each by a connection of its own."""
        self.up()
        for _ in range(200):
            send_one()
        self.drained(200)
        taken = [send_one()[0] * 1000 for _ in range(self.settings.latencies)]
        self.record("latency: to the 250, p50", percentile(taken, 50), "ms")
        self.record("latency: to the 250, p99", percentile(taken, 99), "ms")

    def cold(self):
        """The first messages that a relay gets."""
        for mode, kept_open in MODES:
            self.up()
            self.rate("cold, 50 sessions, " + mode, 50, 2000, kept_open)

    def warm(self):
        """After a load of 50 sessions: the rates, and what they cost."""
        self.up()
        end = time.monotonic() + self.settings.warm_s
        while time.monotonic() < end:
            self.load(50, self.settings.messages, 4096, True)
        for sessions in SESSIONS:
            for mode, kept_open in MODES:
                name = "%d session%s, %s" % (sessions, "" if sessions == 1 else "s", mode)
                self.rate(name, sessions, self.settings.messages, kept_open)
        self.rest()
        self.record_memory("after the load")

    def large(self):
        self.up()
        accepted, sent = self.load(4, LARGE, LARGE_OCTETS, False)
        mib = LARGE * LARGE_OCTETS / (1 << 20)
        self.record("large: accept", mib / accepted, "MiB/s")
        self.record("large: end to end", mib / sent, "MiB/s")

    def delay(self):
        """One connection to a next hop that is 50 ms away."""
        far = DelayedHop()
        try:
            self.up(hop=machine.DELAYED_HOP, connections=1)
            _, sent = self.load(1, DELAYED, 4096, True)
            self.record("delay: one connection, 50 ms away", DELAYED / sent, "messages/s")
        finally:
            far.close()

    def off(self):
        """Accepting while nothing is sent."""
        self.up(delivers=False)
        for mode, kept_open in MODES:
            accepted = self.accept(50, self.settings.messages, 4096, kept_open)
            self.record("off: accept, 50 sessions, " + mode,
                        self.settings.messages / accepted, "messages/s")

    def backlog(self):
        """A long queue in little memory: to build it, to be killed with it, to send it."""
        many = self.settings.backlog
        if self.relay.name == "postern":
            self.relay.memory_mib = BACKLOG_MEMORY_MIB
            self.group.limit(memory_mib=BACKLOG_MEMORY_MIB)
        try:
            self.up(delivers=False)
            accepted = self.accept(50, many, 4096, True)
            self.record("backlog: accept meanwhile", many / accepted, "messages/s")
            self.record_memory("with the backlog")
            self.group.signal(signal.SIGKILL)
            wait(lambda: not self.group.pids(), 10)
            self.process.wait()
            self.relay.set_up()
            begin = time.perf_counter()
            wall, _ = self.begin()
            self.record("backlog: wall to 220 after kill -9", wall * 1000, "ms")
            if hasattr(self.relay, "flush"):
                self.relay.flush()
            self.newcomers(many)
            if self.hop.count() < many and not self.drained(many, self.settings.drain_s):
                left = many - self.hop.count()
                self.record("backlog: not sent in time", left, "messages")
            self.record("backlog: drain",
                        self.hop.count() / (time.perf_counter() - begin), "messages/s")
        finally:
            self.group.end()
            self.group.limit()
            self.relay.memory_mib = None

    def newcomers(self, many):
        """New mail while the queue is sent: how long until its 250, and until it is sent."""
        accepted, sent = [], []
        for number in range(20):
            if self.hop.count() >= many:
                break
            recipient = "new-%d@example.net" % number
            begin = time.perf_counter()
            seconds, reply = send_one(recipient)
            accepted.append(seconds * 1000)
            if wait(lambda: self.relay.was_sent(recipient, reply), 60, 0.02):
                sent.append((time.perf_counter() - begin) * 1000)
        if accepted:
            self.record("backlog: new mail to its 250, p50", percentile(accepted, 50), "ms")
        if sent:
            self.record("backlog: new mail sent, p50", percentile(sent, 50), "ms")

    # Load.

    def rate(self, name, sessions, messages, kept_open):
        """Records the rates of one load, and what a message of it cost."""
        probe = self.probe(sessions, kept_open)
        messages = min(messages, max(60, int(self.settings.rate_s * probe)))
        cpu, (flushes, writes) = self.group.cpu_seconds(), self.disk.flushes_and_writes()
        accepted, sent = self.load(sessions, messages, 4096, kept_open)
        cpu = self.group.cpu_seconds() - cpu
        after = self.disk.flushes_and_writes()
        self.record("accept: " + name, messages / accepted, "messages/s")
        self.record("end to end: " + name, messages / sent, "messages/s")
        self.record("CPU: " + name, cpu * 1000 / messages, "ms/message")
        self.record("flushes: " + name, (after[0] - flushes) / messages, "/message")
        self.record("writes: " + name, (after[1] - writes) / messages, "/message")

    def probe(self, sessions, kept_open):
        """Returns about how many messages a second it takes: a slow relay is sent fewer."""
        if not self.settings.rate_s:
            return float("inf")
        few = max(40, 2 * sessions)
        accepted, _ = self.load(sessions, few, 4096, kept_open)
        return few / accepted

    def load(self, sessions, messages, octets, kept_open):
        """Sends so many; returns the seconds until all were accepted, and until all were sent."""
        before = self.hop.count()
        begin = time.perf_counter()
        accepted = self.accept(sessions, messages, octets, kept_open)
        if not wait(lambda: self.hop.count() - before >= messages, self.settings.drain_s, 0.002):
            raise RuntimeError("%d of %d messages were not sent" % (
                messages - self.hop.count() + before, messages))
        return accepted, time.perf_counter() - begin

    def accept(self, sessions, messages, octets, kept_open):
        begin = time.perf_counter()
        sent = subprocess.run(
            machine.source(sessions, messages, octets, kept_open), capture_output=True, text=True,
            timeout=self.settings.drain_s, check=False)
        if sent.returncode:
            raise RuntimeError("smtp-source: " + sent.stderr[-300:])
        return time.perf_counter() - begin

    def drained(self, messages, seconds=60):
        return wait(lambda: self.hop.count() >= messages, seconds, 0.02)
