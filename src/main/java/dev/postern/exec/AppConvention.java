package dev.postern.exec;

import static dev.postern.exec.AppConvention.Role.AUTH;
import static dev.postern.exec.AppConvention.Role.HOST;
import static dev.postern.exec.AppConvention.Role.MAILER;
import static dev.postern.exec.AppConvention.Role.PASSWORD;
import static dev.postern.exec.AppConvention.Role.PORT;
import static dev.postern.exec.AppConvention.Role.URL;
import static dev.postern.exec.AppConvention.Role.USER;

import dev.postern.exec.AppServer.Protection;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// One way in which apps name their mail settings in the environment. Where a setting has several
/// names, the first one that is set counts.
///
/// @param name whose convention it is, for messages
/// @param names the variables of each role
/// @param switches what turns TLS on
record AppConvention(String name, Map<Role, List<String>> names, List<Switch> switches) {

    /// What a variable says.
    enum Role {
        /// Everything in one URL.
        URL,
        /// The server's name.
        HOST,
        /// Its port. The first is set for the app even when it was not there, since the app's own
        /// default would be a provider's.
        PORT,
        /// The name to log in with.
        USER,
        /// Its password.
        PASSWORD,
        /// Whether to log in.
        AUTH,
        /// Which mailer the app uses: another than SMTP, and its settings are not in use.
        MAILER;

        /// Returns whether programs read it from a file too, named by the variable `…_FILE`.
        boolean mayBeInFile() {
            return this != AUTH && this != MAILER;
        }
    }

    /// What turns TLS on.
    ///
    /// @param whenTrue what a plain yes means
    /// @param off what turns it off where the value is a word rather than a yes
    record Switch(String variable, Protection whenTrue, String off) {}

    private static final String FILE = "_FILE";

    // spotless:off
    private static final AppConvention DJANGO = new AppConvention("Django",
            Map.of(
                    URL,      List.of("EMAIL_URL", "EMAIL_CONFIG"),
                    HOST,     List.of("EMAIL_HOST"),
                    PORT,     List.of("EMAIL_PORT"),
                    USER,     List.of("EMAIL_HOST_USER", "EMAIL_USER", "EMAIL_USERNAME"),
                    PASSWORD, List.of("EMAIL_HOST_PASSWORD", "EMAIL_PASSWORD", "EMAIL_PASS"),
                    MAILER,   List.of("EMAIL_BACKEND")),
            List.of(
                    starttls("EMAIL_USE_TLS"), implicit("EMAIL_USE_SSL"),
                    implicit("EMAIL_SECURE")));

    /// `SMTP_NAME` is the user at Nextcloud, and elsewhere a sender's name: hence the last.
    private static final AppConvention GENERIC = new AppConvention("SMTP_*",
            Map.of(
                    URL,      List.of("SMTP_URL"),
                    HOST,     List.of("SMTP_HOST", "SMTP_SERVER", "SMTP_ADDRESS", "SMTP_HOSTNAME"),
                    PORT,     List.of("SMTP_PORT"),
                    USER,     List.of("SMTP_USER", "SMTP_USERNAME", "SMTP_USER_NAME", "SMTP_LOGIN",
                                      "SMTP_NAME"),
                    PASSWORD, List.of("SMTP_PASSWORD", "SMTP_PASS"),
                    AUTH,     List.of("SMTP_AUTH")),
            List.of(
                    implicit("SMTP_SECURE"), implicit("SMTP_SSL"), implicit("SMTP_USE_SSL"),
                    starttls("SMTP_TLS"), starttls("SMTP_USE_TLS"), starttls("SMTP_STARTTLS"),
                    starttls("SMTP_REQUIRE_TLS"), starttls("SMTP_ENABLE_STARTTLS"),
                    starttls("SMTP_ENABLE_STARTTLS_AUTO"),
                    word("SMTP_ENCRYPTION", ""), word("SMTP_SECURITY", "off")));

    private static final AppConvention LARAVEL = new AppConvention("Laravel",
            Map.of(
                    URL,      List.of("MAIL_URL"),
                    HOST,     List.of("MAIL_HOST", "MAIL_SERVER"),
                    PORT,     List.of("MAIL_PORT"),
                    USER,     List.of("MAIL_USERNAME", "MAIL_USER"),
                    PASSWORD, List.of("MAIL_PASSWORD", "MAIL_PASS"),
                    AUTH,     List.of("MAIL_AUTH"),
                    MAILER,   List.of("MAIL_MAILER", "MAIL_DRIVER")),
            List.of(
                    word("MAIL_ENCRYPTION", ""), word("MAIL_SCHEME", "smtp"),
                    starttls("MAIL_USE_TLS"), starttls("MAIL_TLS"), starttls("MAIL_STARTTLS"),
                    implicit("MAIL_USE_SSL"), implicit("MAIL_SSL_TLS"), implicit("MAIL_SECURE")));

    private static final AppConvention SYMFONY = new AppConvention("Symfony",
            Map.of(URL, List.of("MAILER_DSN", "MAILER_URL")),
            List.of());

    private static final AppConvention SPRING = new AppConvention("Spring",
            Map.of(
                    HOST,     List.of("SPRING_MAIL_HOST"),
                    PORT,     List.of("SPRING_MAIL_PORT", "SPRING_MAIL_PROPERTIES_MAIL_SMTP_PORT"),
                    USER,     List.of("SPRING_MAIL_USERNAME"),
                    PASSWORD, List.of("SPRING_MAIL_PASSWORD"),
                    AUTH,     List.of("SPRING_MAIL_PROPERTIES_MAIL_SMTP_AUTH")),
            List.of(
                    word("SPRING_MAIL_PROTOCOL", "smtp"),
                    implicit("SPRING_MAIL_SSL_ENABLED"),
                    implicit("SPRING_MAIL_PROPERTIES_MAIL_SMTP_SSL_ENABLE"),
                    starttls("SPRING_MAIL_PROPERTIES_MAIL_SMTP_STARTTLS_ENABLE"),
                    starttls("SPRING_MAIL_PROPERTIES_MAIL_SMTP_STARTTLS_REQUIRED")));

    private static final AppConvention NEXT_AUTH = new AppConvention("NextAuth",
            Map.of(
                    URL,      List.of("EMAIL_SERVER"),
                    HOST,     List.of("EMAIL_SERVER_HOST"),
                    PORT,     List.of("EMAIL_SERVER_PORT"),
                    USER,     List.of("EMAIL_SERVER_USER"),
                    PASSWORD, List.of("EMAIL_SERVER_PASSWORD")),
            List.of(implicit("EMAIL_SERVER_SECURE")));
    // spotless:on

    /// All of them, in the order in which they are asked. Rails' usual names are among `SMTP_*`.
    static final List<AppConvention> ALL =
            List.of(DJANGO, GENERIC, LARAVEL, SYMFONY, SPRING, NEXT_AUTH);

    /// Mailers that hand mail to an SMTP server, which the same settings name.
    private static final List<String> SMTP_MAILERS =
            List.of(
                    ("smtp post_office. djcelery_email. mailer.backend. email_log. failover"
                                    + " roundrobin")
                            .split(" "));

    private static Switch starttls(String variable) {
        return new Switch(variable, Protection.STARTTLS, "");
    }

    private static Switch implicit(String variable) {
        return new Switch(variable, Protection.IMPLICIT, "");
    }

    private static Switch word(String variable, String off) {
        return new Switch(variable, Protection.STARTTLS, off);
    }

    /// Returns the variables of a role.
    List<String> named(Role role) {
        return names.getOrDefault(role, List.of());
    }

    /// Returns every variable that this knows, with those that name a file.
    List<String> variables() {
        List<String> all = new ArrayList<>();
        for (Role role : Role.values()) {
            for (String name : named(role)) {
                all.add(name);
                if (role.mayBeInFile()) {
                    all.add(inFile(name));
                }
            }
        }
        switches.forEach(named -> all.add(named.variable()));
        return all;
    }

    /// Returns the variable that names the server.
    String hostOrUrl() {
        return named(named(HOST).isEmpty() ? URL : HOST).getFirst();
    }

    static String inFile(String name) {
        return name + FILE;
    }

    /// Returns whether an app with this mailer sends by SMTP.
    static boolean sendsBySmtp(String mailer) {
        String word = mailer.toLowerCase(Locale.ROOT);
        return SMTP_MAILERS.stream().anyMatch(word::contains);
    }

    /// Returns a value as the apps of this convention read it; empty where it means nothing.
    ///
    /// Laravel's `env()` takes `null` and `(empty)` as what they say, and quotes off.
    String value(String written) {
        int end = written.length();
        // A Secret made by `echo` ends in a line break, which apps do not mind.
        while (end > 0 && (written.charAt(end - 1) == '\n' || written.charAt(end - 1) == '\r')) {
            end--;
        }
        String value = written.substring(0, end);
        if (!name.equals(LARAVEL.name)) {
            return value;
        }
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "null", "(null)", "empty", "(empty)" -> "";
            case "(true)" -> "true";
            case "(false)" -> "false";
            default -> isQuoted(value) ? value.substring(1, value.length() - 1) : value;
        };
    }

    private static boolean isQuoted(String value) {
        return value.length() > 1
                && (value.charAt(0) == '"' || value.charAt(0) == '\'')
                && value.charAt(value.length() - 1) == value.charAt(0);
    }
}
