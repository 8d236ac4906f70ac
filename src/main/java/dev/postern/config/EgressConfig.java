package dev.postern.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One way out.
public sealed interface EgressConfig {

    /// Returns what every type has.
    Common common();

    /// Returns the type word.
    default String type() {
        return switch (this) {
            case Smtp _ -> EgressType.SMTP.word();
            case Api api -> api.type();
            case Ses _ -> EgressType.SES.word();
            case Mailgun _ -> EgressType.MAILGUN.word();
        };
    }

    /// Returns the unique name.
    default String name() {
        return common().name();
    }

    /// Returns the same with `other` of what every egress has.
    default EgressConfig with(Common other) {
        return switch (this) {
            case Smtp(_, var smtp) -> new Smtp(other, smtp);
            case Api(_, var type, var key) -> new Api(other, type, key);
            case Ses(_, var region, var id, var secret) -> new Ses(other, region, id, secret);
            case Mailgun(_, var domain, var key) -> new Mailgun(other, domain, key);
        };
    }

    /// Returns whether the provider can't tell this one from another, however differently we use
    /// the two.
    default boolean isSameAccount(EgressConfig other) {
        return with(other.common()).equals(other)
                && Objects.equals(common().endpoint(), other.common().endpoint());
    }

    /// The types that there are.
    enum EgressType {
        SMTP,
        SENDGRID,
        RESEND,
        BREVO,
        POSTMARK,
        SES,
        MAILGUN;

        /// Returns the type word.
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        /// Returns whether it takes a message as it is; the others make one anew of its parts,
        /// which no signature outlives.
        public boolean takesRaw() {
            return switch (this) {
                case SMTP, SES, MAILGUN -> true;
                case SENDGRID, RESEND, BREVO, POSTMARK -> false;
            };
        }
    }

    /// Submission by SMTP.
    record Smtp(Common common, SmtpEgressConfig smtp) implements EgressConfig {}

    /// A provider whose API needs a key and nothing else: `sendgrid`, `resend`, `brevo`,
    /// `postmark`.
    record Api(Common common, String type, Secret apiKey) implements EgressConfig {}

    /// Amazon SES.
    ///
    /// @param accessKeyId null: the AWS default chain
    record Ses(
            Common common,
            String region,
            @Nullable Secret accessKeyId,
            @Nullable Secret secretAccessKey)
            implements EgressConfig {}

    /// Mailgun.
    record Mailgun(Common common, String domain, Secret apiKey) implements EgressConfig {}

    /// What every egress has.
    ///
    /// @param name unique, `[a-z0-9-]+`
    /// @param endpoint another base address of an HTTP egress; null: the provider's own, and for
    ///   SMTP always
    /// @param ca a PEM file of extra trust anchors; null: the platform's only
    /// @param concurrency most connections at once
    /// @param connectTimeout for a TCP connection
    /// @param commandTimeout greeting to RCPT; for HTTP until the request is written
    /// @param dataTimeout between two writes of content
    /// @param answerTimeout after the final dot
    /// @param senders only mail from these addresses or `@domains`; empty: any
    /// @param rate messages for a short time; null: no limit
    /// @param quota messages for a long time; null: no limit
    /// @param whenLimited what happens to mail above rate or quota
    /// @param fidelity whether a message may lose what the egress can't carry
    /// @param sign whether what leaves here gets DKIM signatures
    public record Common(
            String name,
            @Nullable URI endpoint,
            @Nullable Path ca,
            int concurrency,
            Duration connectTimeout,
            Duration commandTimeout,
            Duration dataTimeout,
            Duration answerTimeout,
            List<String> senders,
            @Nullable Rate rate,
            @Nullable Rate quota,
            WhenLimited whenLimited,
            Fidelity fidelity,
            boolean sign) {

        public Common {
            senders = List.copyOf(senders);
        }

        /// So many messages a period, written `30/m`.
        public record Rate(int messages, Duration period) {}

        /// What happens to mail above rate or quota.
        public enum WhenLimited {
            WAIT,
            /// It takes the next egress.
            NEXT
        }

        /// Whether a message may lose what the egress can't carry.
        public enum Fidelity {
            BEST_EFFORT,
            STRICT
        }
    }
}
