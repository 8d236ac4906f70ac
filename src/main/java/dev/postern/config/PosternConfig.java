package dev.postern.config;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
        List<EgressConfig> egress) {

    public PosternConfig {
        aliases = Map.copyOf(aliases);
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
}
