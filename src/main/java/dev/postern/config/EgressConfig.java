package dev.postern.config;

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
