package dev.postern.config;

import dev.postern.config.AppServer.Protection;
import java.util.List;

/// One way in which apps name their mail settings in the environment. Where a setting has several
/// names, the first one that is set counts.
///
/// @param name whose convention it is, for messages
/// @param urls variables that hold everything in one URL
/// @param hosts the server's name
/// @param ports its port; the first is set for the app even when it was not there, since the app's
///   own default would be a provider's
/// @param users the name to log in with
/// @param passwords its password
/// @param switches what turns TLS on
/// @param mailers which mailer the app uses: another than SMTP, and its settings are not in use
record AppConvention(
        String name,
        List<String> urls,
        List<String> hosts,
        List<String> ports,
        List<String> users,
        List<String> passwords,
        List<Switch> switches,
        List<String> mailers) {

    /// What turns TLS on.
    ///
    /// @param whenTrue what a plain yes means
    /// @param off what turns it off where the value is a word rather than a yes
    record Switch(String variable, Protection whenTrue, String off) {

        private static Switch starttls(String variable) {
            return new Switch(variable, Protection.STARTTLS, "");
        }

        private static Switch implicit(String variable) {
            return new Switch(variable, Protection.IMPLICIT, "");
        }

        private static Switch word(String variable, String off) {
            return new Switch(variable, Protection.STARTTLS, off);
        }
    }

    private static final AppConvention DJANGO =
            new AppConvention(
                    "Django",
                    List.of("EMAIL_URL"),
                    List.of("EMAIL_HOST"),
                    List.of("EMAIL_PORT"),
                    List.of("EMAIL_HOST_USER", "EMAIL_USER", "EMAIL_USERNAME"),
                    List.of("EMAIL_HOST_PASSWORD", "EMAIL_PASSWORD", "EMAIL_PASS"),
                    List.of(
                            Switch.starttls("EMAIL_USE_TLS"),
                            Switch.implicit("EMAIL_USE_SSL"),
                            Switch.implicit("EMAIL_SECURE")),
                    List.of("EMAIL_BACKEND"));

    private static final AppConvention GENERIC =
            new AppConvention(
                    "SMTP_*",
                    List.of("SMTP_URL"),
                    List.of("SMTP_HOST", "SMTP_SERVER", "SMTP_ADDRESS", "SMTP_HOSTNAME"),
                    List.of("SMTP_PORT"),
                    List.of("SMTP_USER", "SMTP_USERNAME", "SMTP_USER_NAME", "SMTP_LOGIN"),
                    List.of("SMTP_PASSWORD", "SMTP_PASS"),
                    List.of(
                            Switch.implicit("SMTP_SECURE"),
                            Switch.implicit("SMTP_SSL"),
                            Switch.implicit("SMTP_USE_SSL"),
                            Switch.starttls("SMTP_TLS"),
                            Switch.starttls("SMTP_USE_TLS"),
                            Switch.starttls("SMTP_STARTTLS"),
                            Switch.starttls("SMTP_REQUIRE_TLS"),
                            Switch.starttls("SMTP_ENABLE_STARTTLS"),
                            Switch.starttls("SMTP_ENABLE_STARTTLS_AUTO"),
                            Switch.word("SMTP_ENCRYPTION", ""),
                            Switch.word("SMTP_SECURITY", "off")),
                    List.of());

    private static final AppConvention LARAVEL =
            new AppConvention(
                    "Laravel",
                    List.of("MAIL_URL"),
                    List.of("MAIL_HOST", "MAIL_SERVER"),
                    List.of("MAIL_PORT"),
                    List.of("MAIL_USERNAME", "MAIL_USER"),
                    List.of("MAIL_PASSWORD", "MAIL_PASS"),
                    List.of(
                            Switch.word("MAIL_ENCRYPTION", ""),
                            Switch.word("MAIL_SCHEME", "smtp"),
                            Switch.starttls("MAIL_USE_TLS"),
                            Switch.starttls("MAIL_TLS"),
                            Switch.starttls("MAIL_STARTTLS"),
                            Switch.implicit("MAIL_USE_SSL"),
                            Switch.implicit("MAIL_SSL_TLS"),
                            Switch.implicit("MAIL_SECURE")),
                    List.of("MAIL_MAILER", "MAIL_DRIVER"));

    private static final AppConvention SYMFONY =
            new AppConvention(
                    "Symfony",
                    List.of("MAILER_DSN", "MAILER_URL"),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of());

    private static final AppConvention SPRING =
            new AppConvention(
                    "Spring",
                    List.of(),
                    List.of("SPRING_MAIL_HOST"),
                    List.of("SPRING_MAIL_PORT", "SPRING_MAIL_PROPERTIES_MAIL_SMTP_PORT"),
                    List.of("SPRING_MAIL_USERNAME"),
                    List.of("SPRING_MAIL_PASSWORD"),
                    List.of(
                            Switch.word("SPRING_MAIL_PROTOCOL", "smtp"),
                            Switch.implicit("SPRING_MAIL_SSL_ENABLED"),
                            Switch.implicit("SPRING_MAIL_PROPERTIES_MAIL_SMTP_SSL_ENABLE"),
                            Switch.starttls("SPRING_MAIL_PROPERTIES_MAIL_SMTP_STARTTLS_ENABLE"),
                            Switch.starttls("SPRING_MAIL_PROPERTIES_MAIL_SMTP_STARTTLS_REQUIRED")),
                    List.of());

    private static final AppConvention NEXT_AUTH =
            new AppConvention(
                    "NextAuth",
                    List.of("EMAIL_SERVER"),
                    List.of("EMAIL_SERVER_HOST"),
                    List.of("EMAIL_SERVER_PORT"),
                    List.of("EMAIL_SERVER_USER"),
                    List.of("EMAIL_SERVER_PASSWORD"),
                    List.of(Switch.implicit("EMAIL_SERVER_SECURE")),
                    List.of());

    /// All of them, in the order in which they are asked. Rails' usual names are among `SMTP_*`.
    static final List<AppConvention> ALL =
            List.of(DJANGO, GENERIC, LARAVEL, SYMFONY, SPRING, NEXT_AUTH);
}
