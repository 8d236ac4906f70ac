package dev.postern.config.load;

import dev.postern.config.Cidr;
import dev.postern.config.DkimConfig;
import dev.postern.config.HostPort;
import dev.postern.config.PosternConfig.Acknowledge;
import dev.postern.config.PosternConfig.Bounces;
import dev.postern.config.PosternConfig.LogConfig;
import dev.postern.config.PosternConfig.ReceivedHeader;
import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.config.Secret;
import dev.postern.config.SmtpConfig;
import dev.postern.smtp.ContentDecoder.BareNewline;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.event.Level;

/// The table of all keys outside the egress list, in the order in which the reference tells them.
/// Loading, environment variables, the reference and `config show` all come from it.
final class Keys {

    private static final List<Key<?>> LISTED = new ArrayList<>();

    /// The keys that a running program takes up. The others need a restart.
    static final Set<Key<?>> LIVE = new HashSet<>();

    // spotless:off
    static final Key<HostPort> SMTP_LISTEN = listed(Key.of(
            "smtp.listen", Types.HOST_PORT, "127.0.0.1:2525", "[::1]:2600",
            "Where the listener for apps is. `127.0.0.1` binds `[::1]` on the same port too"
            + " where IPv6 loopback exists; port 0 picks a free one and logs it."));
    static final Key<String> SMTP_HOSTNAME = listed(Key.computed(
            "smtp.hostname", Types.WORD, "the machine's name", "mail.example.org",
            "The name in the banner, the EHLO reply and `Received`."));
    static final Key<Long> SMTP_MAX_MESSAGE_SIZE = listed(Key.of(
            "smtp.max-message-size", Types.SIZE_ABOVE_ZERO, "40MiB", "25MiB",
            "The largest message (`SIZE`, RFC 1870)."));
    static final Key<Integer> SMTP_MAX_RECIPIENTS = listed(Key.of(
            "smtp.max-recipients", Types.number(1, 1_000_000), "1000", "100",
            "The most recipients of one transaction."));
    static final Key<Integer> SMTP_MAX_CONNECTIONS = listed(Key.of(
            "smtp.max-connections", Types.number(1, 100_000), "500", "50",
            "The most connections at once. When all are taken, one that does nothing ends"
            + " with 421 4.7.0 in favour of a new one."));
    static final Key<Duration> SMTP_IDLE_TIMEOUT = listed(Key.of(
            "smtp.idle-timeout", Types.DURATION_ABOVE_ZERO, "5m", "90s",
            "How long a client may take for a command, or for 1,000 octets of a message"
            + " (RFC 5321 §4.5.3.2)."));
    static final Key<BareNewline> SMTP_BARE_NEWLINE = listed(Key.of(
            "smtp.bare-newline", Types.word(BareNewline.class), "normalize", "reject",
            "What happens to a bare LF or CR within a message: `normalize` makes line ends"
            + " and spaces of them, `reject` answers 550 5.6.0."));
    static final Key<SmtpConfig.Auth> SMTP_AUTH = live(Key.of(
            "smtp.auth", Types.word(SmtpConfig.Auth.class), "optional", "required",
            "Whether clients log in: `none` does not offer it, `required` asks it of the"
            + " addresses in `smtp.allow` too."));
    static final Key<List<SmtpConfig.User>> SMTP_USERS = live(Key.of(
            "smtp.users", Types.USERS, "", "app:secret",
            "Who may log in. Empty and `optional`: any credentials are accepted where both"
            + " ends are loopback."));
    static final Key<Boolean> SMTP_AUTH_PLAINTEXT = live(Key.of(
            "smtp.auth-plaintext", Types.BOOL, "false", "true",
            "Whether AUTH before TLS is offered beyond loopback."));
    static final Key<List<Cidr>> SMTP_ALLOW = live(Key.of(
            "smtp.allow", Types.list("[127.0.0.1, 10.0.0.0/8]", Types.CIDR, true),
            "127.0.0.1,::1", "127.0.0.1,10.0.0.0/8",
            "Who may submit without AUTH: addresses and CIDR blocks. The default holds for"
            + " loopback listeners only; a `/0` needs `smtp.auth: required`."));
    static final Key<Path> SMTP_TLS_CERTIFICATE = listed(Key.optional(
            "smtp.tls.certificate", Types.PATH, "/etc/postern/tls.crt",
            "A PEM chain; with it STARTTLS is offered. Read again when the file changes."));
    static final Key<Path> SMTP_TLS_KEY = listed(Key.optional(
            "smtp.tls.key", Types.PATH, "/etc/postern/tls.key", "The PEM key of the certificate."));
    static final Key<Boolean> SMTP_TLS_REQUIRED = listed(Key.of(
            "smtp.tls.required", Types.BOOL, "false", "true",
            "Whether mail is refused before STARTTLS."));
    static final Key<HostPort> HTTP_HEALTH = listed(Key.of(
            "http.health", Types.HOST_PORT, "127.0.0.1:8026", "0.0.0.0:8126",
            "Where `/health/*` and `/metrics` are. The image sets `0.0.0.0:8026`:"
            + " orchestrators probe the pod's address."));
    static final Key<HostPort> HTTP_ADMIN = listed(Key.of(
            "http.admin", Types.HOST_PORT, "127.0.0.1:8025", "127.0.0.1:8125",
            "Where the web page and the API are. Beyond loopback `http.admin-token` must be"
            + " set."));
    static final Key<Secret> HTTP_ADMIN_TOKEN = listed(Key.optional(
            "http.admin-token", Types.SECRET, "open-sesame",
            "Asked for as `Authorization: Bearer TOKEN` by all but the page itself."));
    static final Key<Path> SPOOL_PATH = listed(Key.of(
            "spool.path", Types.PATH, "./spool", "/var/spool/postern",
            "The directory of the spool; `/var/spool/postern` in the image."));
    static final Key<SpoolConfig.Sync> SPOOL_SYNC = listed(Key.of(
            "spool.sync", Types.word(SpoolConfig.Sync.class), "always", "never",
            "`always`: 250 means that the message is fsynced; `never`: for tests and"
            + " throw-away spools."));
    static final Key<Long> SPOOL_MIN_FREE = listed(Key.of(
            "spool.min-free", Types.SIZE_OR_ZERO, "64MiB", "1GiB",
            "Below this much free space the history of sent mail and then the oldest failed"
            + " messages go, then DATA is answered 452 4.3.1."));
    static final Key<Long> SPOOL_MAX_SIZE = listed(Key.of(
            "spool.max-size", Types.SIZE_OR_ZERO, "0", "512MiB",
            "Above this size of the spool DATA is answered 452 4.3.1; 0: no limit."));
    static final Key<Duration> SPOOL_KEEP_FAILED = listed(Key.of(
            "spool.keep-failed", Types.DURATION_OR_ZERO, "7d", "14d",
            "How long failed messages are kept, with their bytes."));
    static final Key<Duration> SPOOL_KEEP_SENT = listed(Key.of(
            "spool.keep-sent", Types.DURATION_OR_ZERO, "24h", "1h",
            "How long the history of sent messages is kept, without bytes."));
    static final Key<Integer> SPOOL_KEEP_SENT_COUNT = listed(Key.of(
            "spool.keep-sent-count", Types.number(0, 100_000_000), "10000", "500",
            "The most sent messages in the history."));
    static final Key<Acknowledge> ACKNOWLEDGE = listed(Key.computed(
            "acknowledge", Types.word(Acknowledge.class),
            "spooled; sent where RENDER is set and spool.path is on an overlay or tmpfs", "sent",
            "`spooled`: 250 once the message is durable here; `sent`: 250 once an egress"
            + " accepted it."));
    static final Key<Duration> ACKNOWLEDGE_TIMEOUT = live(Key.of(
            "acknowledge-timeout", Types.DURATION_ABOVE_ZERO, "30s", "10s",
            "How long an attempt may take to its commit point under `acknowledge: sent`,"
            + " before 451."));
    static final Key<ReceivedHeader> RECEIVED_HEADER = listed(Key.of(
            "received-header", Types.word(ReceivedHeader.class), "full", "omit",
            "`omit` keeps a minimal `Received` field, without the client's address."));
    static final Key<String> QUALIFY_DOMAIN = live(Key.optional(
            "qualify-domain", Types.DOMAIN_NAME, "example.org",
            "A bare local part (cron's `root`) becomes local@this. Without it and without an"
            + " alias such a recipient is refused with 550 5.1.3; `postmaster` is this"
            + " machine's, `smtp.hostname`."));
    static final Key<Map<String, String>> ALIASES = live(Key.of(
            "aliases", Types.ALIASES, "", "root=ops@example.org,postmaster=root",
            "Recipients that stand for others."));
    static final Key<String> SENDMAIL_FROM = live(Key.optional(
            "sendmail.from", Types.MAIL_ADDRESS, "server@example.org",
            "The sender for local system mail that providers would refuse."));
    static final Key<List<Duration>> RETRY_SCHEDULE = live(Key.of(
            "retry.schedule", Types.list("[30s, 5m, 1h]", Types.DURATION_ABOVE_ZERO, false),
            "30s,1m,5m,15m,30m,1h,2h,4h", "10s,1m",
            "The waits between attempts; the last one repeats, each with 20 % jitter. A"
            + " provider's Retry-After wins when it is longer, up to 24 h."));
    static final Key<Duration> RETRY_MAX_AGE = live(Key.of(
            "retry.max-age", Types.DURATION_ABOVE_ZERO, "5d", "2d",
            "After this long a message that still fails is given up; decided only right after"
            + " a failed attempt or probe."));
    static final Key<Duration> DRAIN_DELAY = live(Key.of(
            "drain-delay", Types.DURATION_OR_ZERO, "0s", "5s",
            "How long mail is still accepted after SIGTERM, for sidecars that are told before"
            + " the app."));
    static final Key<Duration> DRAIN_TIMEOUT = live(Key.of(
            "drain-timeout", Types.DURATION_OR_ZERO, "25s", "8s",
            "How long what is due is still sent after SIGTERM."));
    static final Key<Bounces> BOUNCES = listed(Key.of(
            "bounces", Types.word(Bounces.class), "none", "report",
            "`report` tells senders of failures (RFC 3464)."));
    static final Key<LogConfig.Format> LOG_FORMAT = live(Key.of(
            "log.format", Types.word(LogConfig.Format.class), "auto", "json",
            "`auto` is text on a terminal, else JSON."));
    static final Key<Level> LOG_LEVEL = live(Key.of(
            "log.level", Types.word(Level.class), "info", "debug",
            "The least level that is logged."));
    static final Key<LogConfig.Addresses> LOG_ADDRESSES = live(Key.of(
            "log.addresses", Types.word(LogConfig.Addresses.class), "full", "masked",
            "How mail addresses appear in logs."));
    static final Key<String> NOTIFY_URL = listed(Key.optional(
            "notify.url", Types.WEB_ADDRESS, "https://hooks.example.org/postern",
            "Where events are posted."));
    static final Key<Secret> NOTIFY_SECRET = listed(Key.optional(
            "notify.secret", Types.SECRET, "signing-key", "What signs the posted events."));
    static final Key<List<DkimConfig>> DKIM = live(Key.of(
            "dkim", Types.DKIM_KEYS, "",
            // The key of RFC 8463 §A.2.
            "example.org:s1:-----BEGIN PRIVATE KEY-----%0AMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JL"
            + "sLMREScVpezJpGXA7rAMcrn9g%0A-----END PRIVATE KEY-----%0A",
            "Keys that sign mail whose From domain is `domain` or below it, where `sign` of the"
            + " egress says so; several for one domain: a signature each. `key` is PEM: RSA of"
            + " 2048 bits or more, or Ed25519. `postern dkim key` makes one."));
    static final Key<RawValue> EGRESS = live(Key.of(
            "egress", Types.EGRESSES, "", "smtp://me%40example.org:secret@smtp.example.org",
            "The ways out, in order of preference. With none, mail is accepted and held."));
    // spotless:on

    private static final String WAY_OUT =
            "egress: [{name: …, type: smtp, host: …}] for the server that mail leaves by";

    /// What is meant, and the names that it has elsewhere.
    static final Map<String, Set<String>> ELSEWHERE =
            Map.of(
                    WAY_OUT,
                    Set.of(
                            ("smtp.host smtp.username smtp.user smtp.password smtp.pass host"
                                            + " username user password relay relayhost smarthost")
                                    .split(" ")),
                    "smtp.listen: 127.0.0.1:2525",
                    Set.of("smtp.port"),
                    "sendmail.from for the sender of local mail",
                    Set.of("from"));

    static final List<Key<?>> ALL = List.copyOf(LISTED);

    private Keys() {}

    private static <T> Key<T> listed(Key<T> key) {
        LISTED.add(key);
        return key;
    }

    private static <T> Key<T> live(Key<T> key) {
        LIVE.add(key);
        return listed(key);
    }
}
