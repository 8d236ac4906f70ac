package dev.postern.config;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One way out.
public sealed interface EgressConfig {

    /// Returns what every type has.
    EgressCommon common();

    /// Returns the type word.
    String type();

    /// Returns the unique name.
    default String name() {
        return common().name();
    }

    /// Returns whether the provider can't tell this one from another, however differently we use
    /// the two.
    default boolean isSameAccount(EgressConfig other) {
        boolean same =
                switch (this) {
                    case Smtp(_, var smtp) -> other instanceof Smtp(_, var its) && its.equals(smtp);
                    case Api(_, var type, var key) ->
                            other instanceof Api(_, var its, var itsKey)
                                    && its.equals(type)
                                    && itsKey.equals(key);
                    case Ses(_, var region, var id, var secret) ->
                            other instanceof Ses(_, var its, var itsId, var itsSecret)
                                    && its.equals(region)
                                    && Objects.equals(itsId, id)
                                    && Objects.equals(itsSecret, secret);
                    case Mailgun(_, var domain, var key) ->
                            other instanceof Mailgun(_, var its, var itsKey)
                                    && its.equals(domain)
                                    && itsKey.equals(key);
                };
        return same && Objects.equals(common().endpoint(), other.common().endpoint());
    }

    /// Submission by SMTP.
    record Smtp(EgressCommon common, SmtpEgressConfig smtp) implements EgressConfig {
        @Override
        public String type() {
            return "smtp";
        }
    }

    /// A provider whose API needs a key and nothing else: `sendgrid`, `resend`, `brevo`,
    /// `postmark`.
    record Api(EgressCommon common, String type, Secret apiKey) implements EgressConfig {}

    /// Amazon SES.
    ///
    /// @param accessKeyId null: the AWS default chain
    record Ses(
            EgressCommon common,
            String region,
            @Nullable Secret accessKeyId,
            @Nullable Secret secretAccessKey)
            implements EgressConfig {
        @Override
        public String type() {
            return "ses";
        }
    }

    /// Mailgun.
    record Mailgun(EgressCommon common, String domain, Secret apiKey) implements EgressConfig {
        @Override
        public String type() {
            return "mailgun";
        }
    }
}
