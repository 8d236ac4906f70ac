package dev.postern.config;

import dev.postern.config.PosternConfig.Acknowledge;
import dev.postern.config.PosternConfig.Bounces;
import dev.postern.config.PosternConfig.LogConfig;
import dev.postern.config.PosternConfig.ReceivedHeader;
import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.smtp.ContentDecoder.BareNewline;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/// The table of all keys outside the egress list, in the order in which the reference tells them.
/// Loading, environment variables, the reference and `config show` all come from it.
final class Keys {

    static final Key<HostPort> SMTP_LISTEN =
            Key.of(
                    "smtp.listen",
                    Types.HOST_PORT,
                    "127.0.0.1:2525",
                    "Where the listener for apps is. `127.0.0.1` binds `[::1]` on the same port too"
                            + " where IPv6 loopback exists; port 0 picks a free one and logs it.",
                    "[::1]:2600");
    static final Key<String> SMTP_HOSTNAME =
            Key.computed(
                    "smtp.hostname",
                    Types.WORD,
                    "the machine's name",
                    "The name in the banner, the EHLO reply and `Received`.",
                    "mail.example.org");
    static final Key<Long> SMTP_MAX_MESSAGE_SIZE =
            Key.of(
                    "smtp.max-message-size",
                    Types.SIZE_ABOVE_ZERO,
                    "40MiB",
                    "The largest message (`SIZE`, RFC 1870).",
                    "25MiB");
    static final Key<Integer> SMTP_MAX_RECIPIENTS =
            Key.of(
                    "smtp.max-recipients",
                    Types.number(1, 1_000_000),
                    "1000",
                    "The most recipients of one transaction.",
                    "100");
    static final Key<Integer> SMTP_MAX_CONNECTIONS =
            Key.of(
                    "smtp.max-connections",
                    Types.number(1, 100_000),
                    "500",
                    "The most connections at once. When all are taken, one that does nothing ends"
                            + " with 421 4.7.0 in favour of a new one.",
                    "50");
    static final Key<Duration> SMTP_IDLE_TIMEOUT =
            Key.of(
                    "smtp.idle-timeout",
                    Types.DURATION_ABOVE_ZERO,
                    "5m",
                    "How long a client may take for a command, or for 1,000 octets of a message"
                            + " (RFC 5321 §4.5.3.2).",
                    "90s");
    static final Key<BareNewline> SMTP_BARE_NEWLINE =
            Key.of(
                    "smtp.bare-newline",
                    Types.word(BareNewline.class),
                    "normalize",
                    "What happens to a bare LF or CR within a message: `normalize` makes line ends"
                            + " and spaces of them, `reject` answers 550 5.6.0.",
                    "reject");
    static final Key<SmtpConfig.Auth> SMTP_AUTH =
            Key.of(
                    "smtp.auth",
                    Types.word(SmtpConfig.Auth.class),
                    "optional",
                    "Whether clients log in: `none` does not offer it, `required` asks it of the"
                            + " addresses in `smtp.allow` too.",
                    "required");
    static final Key<List<SmtpConfig.User>> SMTP_USERS =
            Key.of(
                    "smtp.users",
                    Types.USERS,
                    "",
                    "Who may log in. Empty and `optional`: any credentials are accepted where both"
                            + " ends are loopback.",
                    "app:secret");
    static final Key<Boolean> SMTP_AUTH_PLAINTEXT =
            Key.of(
                    "smtp.auth-plaintext",
                    Types.BOOL,
                    "false",
                    "Whether AUTH before TLS is offered beyond loopback.",
                    "true");
    static final Key<List<Cidr>> SMTP_ALLOW =
            Key.of(
                    "smtp.allow",
                    Types.list("[127.0.0.1, 10.0.0.0/8]", Types.CIDR),
                    "127.0.0.1,::1",
                    "Who may submit without AUTH: addresses and CIDR blocks. The default holds for"
                            + " loopback listeners only; a `/0` needs `smtp.auth: required`.",
                    "127.0.0.1,10.0.0.0/8");
    static final Key<Path> SMTP_TLS_CERTIFICATE =
            Key.optional(
                    "smtp.tls.certificate",
                    Types.PATH,
                    "A PEM chain; with it STARTTLS is offered. Read again when the file changes.",
                    "/etc/postern/tls.crt");
    static final Key<Path> SMTP_TLS_KEY =
            Key.optional(
                    "smtp.tls.key",
                    Types.PATH,
                    "The PEM key of the certificate.",
                    "/etc/postern/tls.key");
    static final Key<Boolean> SMTP_TLS_REQUIRED =
            Key.of(
                    "smtp.tls.required",
                    Types.BOOL,
                    "false",
                    "Whether mail is refused before STARTTLS.",
                    "true");
    static final Key<HostPort> HTTP_HEALTH =
            Key.of(
                    "http.health",
                    Types.HOST_PORT,
                    "127.0.0.1:8026",
                    "Where `/health/*` and `/metrics` are. The image sets `0.0.0.0:8026`:"
                            + " orchestrators probe the pod's address.",
                    "0.0.0.0:8126");
    static final Key<HostPort> HTTP_ADMIN =
            Key.of(
                    "http.admin",
                    Types.HOST_PORT,
                    "127.0.0.1:8025",
                    "Where the web page and the API are. Beyond loopback `http.admin-token` must be"
                            + " set.",
                    "127.0.0.1:8125");
    static final Key<Secret> HTTP_ADMIN_TOKEN =
            Key.optional(
                    "http.admin-token",
                    Types.SECRET,
                    "Asked for as `Authorization: Bearer TOKEN` by all but the page itself.",
                    "open-sesame");
    static final Key<Path> SPOOL_PATH =
            Key.of(
                    "spool.path",
                    Types.PATH,
                    "./spool",
                    "The directory of the spool; `/var/spool/postern` in the image.",
                    "/var/spool/postern");
    static final Key<SpoolConfig.Sync> SPOOL_SYNC =
            Key.of(
                    "spool.sync",
                    Types.word(SpoolConfig.Sync.class),
                    "always",
                    "`always`: 250 means that the message is fsynced; `never`: for tests and"
                            + " throw-away spools.",
                    "never");
    static final Key<Long> SPOOL_MIN_FREE =
            Key.of(
                    "spool.min-free",
                    Types.SIZE_OR_ZERO,
                    "64MiB",
                    "Below this much free space the history of sent mail and then the oldest failed"
                            + " messages go, then DATA is answered 452 4.3.1.",
                    "1GiB");
    static final Key<Long> SPOOL_MAX_SIZE =
            Key.of(
                    "spool.max-size",
                    Types.SIZE_OR_ZERO,
                    "0",
                    "Above this size of the spool DATA is answered 452 4.3.1; 0: no limit.",
                    "512MiB");
    static final Key<Duration> SPOOL_KEEP_FAILED =
            Key.of(
                    "spool.keep-failed",
                    Types.DURATION_OR_ZERO,
                    "7d",
                    "How long failed messages are kept, with their bytes.",
                    "14d");
    static final Key<Duration> SPOOL_KEEP_SENT =
            Key.of(
                    "spool.keep-sent",
                    Types.DURATION_OR_ZERO,
                    "24h",
                    "How long the history of sent messages is kept, without bytes.",
                    "1h");
    static final Key<Integer> SPOOL_KEEP_SENT_COUNT =
            Key.of(
                    "spool.keep-sent-count",
                    Types.number(0, 100_000_000),
                    "10000",
                    "The most sent messages in the history.",
                    "500");
    static final Key<Acknowledge> ACKNOWLEDGE =
            Key.computed(
                    "acknowledge",
                    Types.word(Acknowledge.class),
                    "spooled; sent where RENDER is set and spool.path is on an overlay or tmpfs",
                    "`spooled`: 250 once the message is durable here; `sent`: 250 once an egress"
                            + " accepted it.",
                    "sent");
    static final Key<Duration> ACKNOWLEDGE_TIMEOUT =
            Key.of(
                    "acknowledge-timeout",
                    Types.DURATION_ABOVE_ZERO,
                    "30s",
                    "How long an attempt may take to its commit point under `acknowledge: sent`,"
                            + " before 451.",
                    "10s");
    static final Key<ReceivedHeader> RECEIVED_HEADER =
            Key.of(
                    "received-header",
                    Types.word(ReceivedHeader.class),
                    "full",
                    "`omit` keeps a minimal `Received` field, without the client's address.",
                    "omit");
    static final Key<String> QUALIFY_DOMAIN =
            Key.optional(
                    "qualify-domain",
                    Types.DOMAIN_NAME,
                    "A bare local part (cron's `root`) becomes local@this. Without it and without"
                            + " an alias such a recipient is refused with 550 5.1.3; `postmaster`"
                            + " is this machine's, `smtp.hostname`.",
                    "example.org");
    static final Key<Map<String, String>> ALIASES =
            Key.of(
                    "aliases",
                    Types.ALIASES,
                    "",
                    "Recipients that stand for others.",
                    "root=ops@example.org,postmaster=root");
    static final Key<String> SENDMAIL_FROM =
            Key.optional(
                    "sendmail.from",
                    Types.MAIL_ADDRESS,
                    "The sender for local system mail that providers would refuse.",
                    "server@example.org");
    static final Key<List<Duration>> RETRY_SCHEDULE =
            Key.of(
                    "retry.schedule",
                    Types.fullList("[30s, 5m, 1h]", Types.DURATION_ABOVE_ZERO),
                    "30s,1m,5m,15m,30m,1h,2h,4h",
                    "The waits between attempts; the last one repeats, each with 20 % jitter. A"
                            + " provider's Retry-After wins when it is longer, up to 24 h.",
                    "10s,1m");
    static final Key<Duration> RETRY_MAX_AGE =
            Key.of(
                    "retry.max-age",
                    Types.DURATION_ABOVE_ZERO,
                    "5d",
                    "After this long a message that still fails is given up; decided only right"
                            + " after a failed attempt or probe.",
                    "2d");
    static final Key<Duration> DRAIN_DELAY =
            Key.of(
                    "drain-delay",
                    Types.DURATION_OR_ZERO,
                    "0s",
                    "How long mail is still accepted after SIGTERM, for sidecars that are told"
                            + " before the app.",
                    "5s");
    static final Key<Duration> DRAIN_TIMEOUT =
            Key.of(
                    "drain-timeout",
                    Types.DURATION_OR_ZERO,
                    "25s",
                    "How long what is due is still sent after SIGTERM.",
                    "8s");
    static final Key<Bounces> BOUNCES =
            Key.of(
                    "bounces",
                    Types.word(Bounces.class),
                    "none",
                    "`report` tells senders of failures (RFC 3464).",
                    "report");
    static final Key<LogConfig.Format> LOG_FORMAT =
            Key.of(
                    "log.format",
                    Types.word(LogConfig.Format.class),
                    "auto",
                    "`auto` is text on a terminal, else JSON.",
                    "json");
    static final Key<LogConfig.Level> LOG_LEVEL =
            Key.of(
                    "log.level",
                    Types.word(LogConfig.Level.class),
                    "info",
                    "The least level that is logged.",
                    "debug");
    static final Key<LogConfig.Addresses> LOG_ADDRESSES =
            Key.of(
                    "log.addresses",
                    Types.word(LogConfig.Addresses.class),
                    "full",
                    "How mail addresses appear in logs.",
                    "masked");
    static final Key<String> NOTIFY_URL =
            Key.optional(
                    "notify.url",
                    Types.WEB_ADDRESS,
                    "Where events are posted.",
                    "https://hooks.example.org/postern");
    static final Key<Secret> NOTIFY_SECRET =
            Key.optional(
                    "notify.secret", Types.SECRET, "What signs the posted events.", "signing-key");
    static final Key<RawValue> EGRESS =
            Key.of(
                    "egress",
                    Types.EGRESSES,
                    "",
                    "The ways out, in order of preference. With none, mail is accepted and held.",
                    "smtp://me%40example.org:secret@smtp.example.org");

    private static final String WAY_OUT =
            "egress: [{name: …, type: smtp, host: …}] for the server that mail leaves by";

    /// Names that keys have elsewhere, and what is meant.
    static final Map<String, String> ELSEWHERE =
            Map.ofEntries(
                    Map.entry("smtp.host", WAY_OUT),
                    Map.entry("smtp.port", "smtp.listen: 127.0.0.1:2525"),
                    Map.entry("smtp.username", WAY_OUT),
                    Map.entry("smtp.user", WAY_OUT),
                    Map.entry("smtp.password", WAY_OUT),
                    Map.entry("smtp.pass", WAY_OUT),
                    Map.entry("host", WAY_OUT),
                    Map.entry("username", WAY_OUT),
                    Map.entry("user", WAY_OUT),
                    Map.entry("password", WAY_OUT),
                    Map.entry("relay", WAY_OUT),
                    Map.entry("relayhost", WAY_OUT),
                    Map.entry("smarthost", WAY_OUT),
                    Map.entry("from", "sendmail.from for the sender of local mail"));

    static final List<Key<?>> ALL =
            List.of(
                    SMTP_LISTEN,
                    SMTP_HOSTNAME,
                    SMTP_MAX_MESSAGE_SIZE,
                    SMTP_MAX_RECIPIENTS,
                    SMTP_MAX_CONNECTIONS,
                    SMTP_IDLE_TIMEOUT,
                    SMTP_BARE_NEWLINE,
                    SMTP_AUTH,
                    SMTP_USERS,
                    SMTP_AUTH_PLAINTEXT,
                    SMTP_ALLOW,
                    SMTP_TLS_CERTIFICATE,
                    SMTP_TLS_KEY,
                    SMTP_TLS_REQUIRED,
                    HTTP_HEALTH,
                    HTTP_ADMIN,
                    HTTP_ADMIN_TOKEN,
                    SPOOL_PATH,
                    SPOOL_SYNC,
                    SPOOL_MIN_FREE,
                    SPOOL_MAX_SIZE,
                    SPOOL_KEEP_FAILED,
                    SPOOL_KEEP_SENT,
                    SPOOL_KEEP_SENT_COUNT,
                    ACKNOWLEDGE,
                    ACKNOWLEDGE_TIMEOUT,
                    RECEIVED_HEADER,
                    QUALIFY_DOMAIN,
                    ALIASES,
                    SENDMAIL_FROM,
                    RETRY_SCHEDULE,
                    RETRY_MAX_AGE,
                    DRAIN_DELAY,
                    DRAIN_TIMEOUT,
                    BOUNCES,
                    LOG_FORMAT,
                    LOG_LEVEL,
                    LOG_ADDRESSES,
                    NOTIFY_URL,
                    NOTIFY_SECRET,
                    EGRESS);

    private Keys() {}
}
