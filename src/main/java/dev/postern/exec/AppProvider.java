package dev.postern.exec;

import dev.postern.config.EgressConfig.EgressType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// A provider as Symfony's DSNs name it: `sendgrid+smtp://KEY@default`, `ses+api://…?region=…`.
///
/// @param name before the plus sign
/// @param host its submission server, `*` for the region
/// @param region the usual one; empty: `host` has none
/// @param logIn who logs in there: [#PAIR] the DSN's own pair, [#TWICE] its one key as both, else a
///   fixed name whose password is the DSN's last word
/// @param api the type of egress that takes the same key; null: none
record AppProvider(
        String name, String host, String region, String logIn, @Nullable EgressType api) {

    private static final String PAIR = "";
    private static final String TWICE = "=";

    /// What Symfony's Mailer has bridges for, as far as the servers are known.
    static final List<AppProvider> ALL =
            List.of(
                    server("brevo", "smtp-relay.brevo.com", PAIR, EgressType.BREVO),
                    server("sendinblue", "smtp-relay.brevo.com", PAIR, EgressType.BREVO),
                    server("gmail", "smtp.gmail.com", PAIR, null),
                    server("mailgun", "smtp.mailgun.org", PAIR, EgressType.MAILGUN),
                    server("mailjet", "in-v3.mailjet.com", PAIR, null),
                    server("mandrill", "smtp.mandrillapp.com", PAIR, null),
                    server("postmark", "smtp.postmarkapp.com", TWICE, EgressType.POSTMARK),
                    server("resend", "smtp.resend.com", "resend", EgressType.RESEND),
                    server("scaleway", "smtp.tem.scaleway.com", PAIR, null),
                    server("sendgrid", "smtp.sendgrid.net", "apikey", EgressType.SENDGRID),
                    new AppProvider(
                            "ses",
                            "email-smtp.*.amazonaws.com",
                            "eu-west-1",
                            PAIR,
                            EgressType.SES));

    private static AppProvider server(
            String name, String host, String logIn, @Nullable EgressType api) {
        return new AppProvider(name, host, "", logIn, api);
    }

    static Optional<AppProvider> of(String name) {
        return ALL.stream().filter(provider -> provider.name().equals(name)).findFirst();
    }

    /// Returns what a DSN without `+smtp` or the like means: SMTP, but for `ses` HTTPS.
    String usualWay() {
        return api == EgressType.SES ? "https" : "smtp";
    }

    /// Returns its submission server in a region.
    ///
    /// @param asked null: the usual one
    String host(@Nullable String asked) {
        if (!region.isEmpty()) {
            return host.replace("*", asked == null ? region : asked);
        }
        boolean european =
                "eu".equals(asked) && (name.equals("sendgrid") || name.equals("mailgun"));
        return european ? host.replace("smtp.", "smtp.eu.") : host;
    }

    /// Returns who logs in at the submission server; null: nobody.
    ///
    /// @param user the DSN's; null without
    /// @param password the DSN's; null without
    @Nullable LogIn logIn(@Nullable String user, @Nullable String password) {
        String last = password == null ? user : password;
        if (last == null) {
            return null;
        }
        return switch (logIn) {
            case PAIR -> user == null || password == null ? null : new LogIn(user, password);
            case TWICE -> new LogIn(last, last);
            default -> new LogIn(logIn, last);
        };
    }

    /// A name and its password.
    record LogIn(String user, String password) {}

    /// Returns the keys of an egress that posts to the provider's API; null where the DSN has not
    /// what they need.
    ///
    /// @param asked the region; null: the usual one
    @Nullable SequencedMap<String, String> apiKeys(
            @Nullable String user, @Nullable String password, @Nullable String asked) {
        SequencedMap<String, String> keys = new LinkedHashMap<>();
        switch (api) {
            case SES -> {
                keys.put("region", asked == null ? region : asked);
                if (user != null && password != null) {
                    keys.put("access-key-id", user);
                    keys.put("secret-access-key", password);
                }
            }
            case MAILGUN -> {
                if (user == null || password == null) {
                    return null;
                }
                keys.put("domain", password);
                keys.put("api-key", user);
                endpoint(keys, asked, "https://api.eu.mailgun.net");
            }
            case SENDGRID, RESEND, BREVO, POSTMARK -> {
                if (user == null || password != null) {
                    return null;
                }
                keys.put("api-key", user);
                endpoint(keys, asked, name.equals("sendgrid") ? "https://api.eu.sendgrid.com" : "");
            }
            case SMTP -> throw new AssertionError("no API");
            case null -> {
                return null;
            }
        }
        return keys;
    }

    private static void endpoint(
            SequencedMap<String, String> keys, @Nullable String asked, String eu) {
        if ("eu".equals(asked) && !eu.isEmpty()) {
            keys.put("endpoint", eu);
        }
    }
}
