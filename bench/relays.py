"""The relays that are compared: how each is set up, started and asked, with its usual settings.

All listen on loopback, take 4 KiB and 10 MiB from it for any recipient, pass everything to one
next hop without TLS, look up no name, write their log, and keep their spool on the same disk.
"""

import os
import pwd
import re
import shutil
import subprocess
import sys

from machine import HEALTH, HOP, LISTEN, write

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Relay:
    """A relay in a directory of its own.

    set_up writes its configuration: `hop` is the port of the next hop, `delivers` whether it sends
    or only accepts, `connections` how many it opens to the next hop at the most (None: its usual).
    command is what starts it in the foreground, environment what it gets besides.
    """

    name = ""

    # What a container would have; None: as much as there is.
    memory_mib = None

    def __init__(self, work):
        self.work = work
        self.spool = work + "/spool"
        self.log = work + "/log"

    def afresh(self):
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.spool)

    def environment(self):
        return {}

    def sent_marks(self, recipient, reply):
        """Returns what a line of the log has that says the message was sent.

        `reply` is the one by which it was taken.
        """
        raise NotImplementedError

    def was_sent(self, recipient, reply):
        """Returns whether the log says so, in its last 4 MiB."""
        marks = [mark.encode() for mark in self.sent_marks(recipient, reply)]
        with open(self.log, "rb") as log:
            log.seek(max(0, os.path.getsize(self.log) - (4 << 20)))
            return any(all(mark in line for mark in marks) for line in log)


class Postern(Relay):
    name = "postern"
    program = os.environ.get("POSTERN", HOME + "/bin/postern")

    def __init__(self, work):
        super().__init__(work)
        self.log = work + "/output"

    def version(self):
        return subprocess.run([self.program, "version"], capture_output=True, text=True,
                              check=True).stdout.splitlines()[0]

    def set_up(self, hop=HOP, delivers=True, connections=None):
        more = "" if connections is None else "&concurrency=%d" % connections
        self.egress = "smtp://127.0.0.1:%d?tls=none%s#hop" % (hop, more) if delivers else ""

    def environment(self):
        names = {
            "POSTERN_SMTP_LISTEN": "127.0.0.1:%d" % LISTEN,
            "POSTERN_SPOOL_PATH": self.spool,
            "POSTERN_HTTP_HEALTH": "127.0.0.1:%d" % HEALTH,
        }
        if self.memory_mib:
            # As bin/postern sets it in a container of that size, whose limit is not ours here.
            names["POSTERN_JAVA_OPTS"] = "-Xmx%dm" % (self.memory_mib * 30 // 100)
        return dict(names, POSTERN_EGRESS=self.egress) if self.egress else names

    def command(self):
        return [self.program, "serve"]

    def sent_marks(self, recipient, reply):
        return (reply.split()[-1], '"done"')


class Postfix(Relay):
    name = "postfix"

    SHIPPED = "/usr/share/postfix"

    MAIN = """
compatibility_level = 3.6
queue_directory = %(spool)s/queue
data_directory = %(spool)s/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = bench.example.org
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
relayhost = [127.0.0.1]:%(hop)d
disable_dns_lookups = yes
smtp_tls_security_level = none
smtpd_relay_restrictions = permit_mynetworks, reject
message_size_limit = 60000000
mailbox_size_limit = 0
maillog_file = %(log)s
maillog_file_prefixes = %(work)s
%(more)s
"""

    def version(self):
        found = subprocess.run(["postconf", "-c", "/etc/postfix", "-d", "-h", "mail_version"],
                               capture_output=True, text=True, check=True)
        return "Postfix " + found.stdout.strip()

    def set_up(self, hop=HOP, delivers=True, connections=None):
        etc = self.work + "/etc"
        os.makedirs(etc, exist_ok=True)
        os.makedirs(self.spool + "/queue", exist_ok=True)
        os.makedirs(self.spool + "/data", exist_ok=True)
        shutil.chown(self.spool + "/data", "postfix")
        more = [] if delivers else ["defer_transports = smtp"]
        if connections is not None:
            more.append("smtp_destination_concurrency_limit = %d" % connections)
            more.append("initial_destination_concurrency = %d" % connections)
        write(etc + "/main.cf", self.MAIN % dict(
            spool=self.spool, work=self.work, log=self.log, hop=hop, more="\n".join(more)))
        write(etc + "/master.cf", self.master())

    def master(self):
        """Debian's own table of services, on our port, without what is only for sendmail."""
        lines = []
        with open(self.SHIPPED + "/master.cf.dist") as shipped:
            for line in shipped:
                if line.startswith("maildrop"):
                    break
                line = re.sub(r"^smtp +inet", "%d inet" % LISTEN, line)
                lines.append(re.sub(r"^(\S+ +\S+ +\S+ +\S+ +)y ", r"\1n ", line))
        return "".join(line for line in lines if not line.startswith("#"))

    def command(self):
        return ["/usr/sbin/postfix", "-c", self.work + "/etc", "start-fg"]

    def flush(self):
        subprocess.run(["/usr/sbin/postqueue", "-c", self.work + "/etc", "-f"], check=False)

    def sent_marks(self, recipient, reply):
        return (recipient, "status=sent")


class Exim(Relay):
    name = "exim"
    program = os.environ.get("EXIM", "/usr/sbin/exim4")

    CONFIGURATION = """
primary_hostname = bench.example.org
exim_path = %(work)s/exim4
spool_directory = %(spool)s
log_file_path = %(work)s/%%slog
pid_file_path = %(spool)s/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = %(listen)d
smtp_accept_max = 200
smtp_connect_backlog = 128
smtp_accept_queue_per_connection = 0
smtp_accept_max_per_connection = 0
message_size_limit = 60M
tls_advertise_hosts =
rfc1413_query_timeout = 0s
keep_environment =
%(more)s
acl_smtp_rcpt = accept_local
begin acl
accept_local:
  accept hosts = 127.0.0.1
  deny
begin routers
smarthost:
  driver = manualroute
  domains = *
  transport = hop
  route_list = * 127.0.0.1
  self = send
begin transports
hop:
  driver = smtp
  port = %(hop)d
  allow_localhost
  hosts_avoid_tls = *
begin retry
* * F,2h,1m
"""

    def version(self):
        found = subprocess.run([self.program, "-C", "/dev/null", "-bV"], capture_output=True,
                               text=True, check=True)
        return found.stdout.splitlines()[0].replace(" version", "")

    def __init__(self, work):
        super().__init__(work)
        self.log = work + "/mainlog"

    def set_up(self, hop=HOP, delivers=True, connections=None):
        more = [] if delivers else ["queue_only"]
        if connections is not None:
            more += ["remote_max_parallel = %d" % connections, "queue_run_max = %d" % connections]
        # It runs itself again as its user, who may not reach the place that it came from.
        shutil.copy2(self.program, self.work + "/exim4")
        write(self.work + "/exim.conf", self.CONFIGURATION % dict(
            work=self.work, spool=self.spool, log=self.log, listen=LISTEN, hop=hop,
            more="\n".join(more)))
        open(self.log, "a").close()
        user = pwd.getpwnam("Debian-exim")
        for path in (self.work, self.spool, self.log, self.work + "/exim4"):
            os.chown(path, user.pw_uid, user.pw_gid)

    def command(self):
        return [self.work + "/exim4", "-C", self.work + "/exim.conf", "-bdf", "-q30m"]

    def sent_marks(self, recipient, reply):
        return ("=> " + recipient,)


ALL = {relay.name: relay for relay in (Exim, Postfix, Postern)}

if __name__ == "__main__":
    sys.exit("run bench/run")
