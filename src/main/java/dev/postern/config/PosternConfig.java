package dev.postern.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/// The whole effective configuration. Its keys are told in docs/configuration.md.
///
/// @param smtp the listener that apps talk to
/// @param http the health and admin sockets
/// @param spool the durable store
/// @param acknowledge when end-of-data is answered 250
/// @param acknowledgeTimeout how long an attempt may take to its commit point under `sent`
/// @param receivedHeader how much the added Received field tells
/// @param qualifyDomain what is added to a bare local part; null: such recipients are refused
/// @param aliases recipients that stand for others, by lower-case name
/// @param sendmail settings of the sendmail command
/// @param retry when to try again and when to give up
/// @param drainDelay how long mail is still accepted after SIGTERM
/// @param drainTimeout how long mail is still sent after SIGTERM
/// @param bounces whether failures are reported to senders
/// @param log how to log
/// @param notices whom to tell of events
/// @param dkim keys that sign mail
/// @param egress the ways out, in order of preference
public record PosternConfig(
        SmtpConfig smtp,
        HttpConfig http,
        SpoolConfig spool,
        Acknowledge acknowledge,
        Duration acknowledgeTimeout,
        ReceivedHeader receivedHeader,
        @Nullable String qualifyDomain,
        Map<String, String> aliases,
        SendmailConfig sendmail,
        RetryConfig retry,
        Duration drainDelay,
        Duration drainTimeout,
        Bounces bounces,
        LogConfig log,
        NotifyConfig notices,
        List<DkimConfig> dkim,
        List<EgressConfig> egress) {

    public PosternConfig {
        aliases = Map.copyOf(aliases);
        dkim = List.copyOf(dkim);
        egress = List.copyOf(egress);
    }

    /// When end-of-data is answered 250.
    public enum Acknowledge {
        /// Once the message is durable here.
        SPOOLED,
        /// Once an egress accepted it.
        SENT
    }

    /// How much the added Received field tells.
    public enum ReceivedHeader {
        FULL,
        /// A minimal one, without the client's address.
        OMIT
    }

    /// Whether failures are reported to senders.
    public enum Bounces {
        NONE,
        /// By RFC 3464 reports.
        REPORT
    }

    /// Settings of the sendmail command.
    ///
    /// @param from sender for local system mail that providers would refuse; null: as given
    public record SendmailConfig(@Nullable String from) {}

    /// Whom to tell of events.
    ///
    /// @param url where events are posted; null: nowhere
    /// @param secret what signs them; null: unsigned
    public record NotifyConfig(@Nullable String url, @Nullable Secret secret) {}

    /// When to try again and when to give up.
    ///
    /// @param schedule waits after the first, second… attempt; the last one repeats
    /// @param maxAge after this long a message that still fails is given up
    public record RetryConfig(List<Duration> schedule, Duration maxAge) {

        public RetryConfig {
            schedule = List.copyOf(schedule);
        }
    }

    /// The two HTTP sockets.
    ///
    /// @param health for orchestrators: `/health/*` and `/metrics` only
    /// @param admin for operators: the page and the API
    /// @param adminToken what the admin socket asks for; null: nothing, which only a loopback
    ///   socket may
    public record HttpConfig(HostPort health, HostPort admin, @Nullable Secret adminToken) {}

    /// How to log.
    ///
    /// @param level the least that is logged
    public record LogConfig(Format format, Level level, Addresses addresses) {

        /// The form of a line.
        public enum Format {
            /// Text on a terminal, else JSON.
            AUTO,
            TEXT,
            JSON
        }

        /// How mail addresses appear.
        public enum Addresses {
            FULL,
            /// `a***@e***.org`
            MASKED
        }
    }

    /// The durable store.
    ///
    /// @param path its directory
    /// @param sync whether 250 means fsynced
    /// @param minFreeBytes below this much free space mail is refused
    /// @param maxSizeBytes above this much held mail is refused; 0: no limit
    /// @param keepFailed how long failed messages stay, with their octets
    /// @param keepSent how long the history of sent messages stays
    /// @param keepSentCount how many of them at most
    public record SpoolConfig(
            Path path,
            Sync sync,
            long minFreeBytes,
            long maxSizeBytes,
            Duration keepFailed,
            Duration keepSent,
            int keepSentCount) {

        /// Returns the same with another directory.
        public SpoolConfig at(Path other) {
            return new SpoolConfig(
                    other, sync, minFreeBytes, maxSizeBytes, keepFailed, keepSent, keepSentCount);
        }

        /// Whether 250 means fsynced.
        public enum Sync {
            ALWAYS,
            /// For tests and throw-away spools.
            NEVER
        }
    }
}
