package dev.postern.doctor;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Hosts of well-known providers: what the findings table calls them.
final class Known {

    /// By the end of a host's name.
    private static final Map<String, String> PROVIDERS =
            Map.ofEntries(
                    Map.entry("gmail.com", "gmail"),
                    Map.entry("office365.com", "office365"),
                    Map.entry("outlook.com", "outlook"),
                    Map.entry("sendgrid.net", "sendgrid"),
                    Map.entry("sendgrid.com", "sendgrid"),
                    Map.entry("amazonaws.com", "ses"),
                    Map.entry("mailgun.org", "mailgun"),
                    Map.entry("mailgun.net", "mailgun"),
                    Map.entry("postmarkapp.com", "postmark"),
                    Map.entry("brevo.com", "brevo"),
                    Map.entry("resend.com", "resend"),
                    Map.entry("mailjet.com", "mailjet"),
                    Map.entry("sparkpostmail.com", "sparkpost"),
                    Map.entry("mandrillapp.com", "mandrill"),
                    Map.entry("smtp2go.com", "smtp2go"),
                    Map.entry("ovh.net", "ovh-mail"));

    private Known() {}

    /// Returns the words for a host: its provider's, and `known`; none for others.
    static Set<String> tags(String host) {
        String name = host.toLowerCase(Locale.ROOT);
        Set<String> tags = new TreeSet<>();
        PROVIDERS.forEach((suffix, provider) -> {
            if (name.equals(suffix) || name.endsWith("." + suffix)) {
                tags.add(provider);
                tags.add("known");
            }
        });
        return tags;
    }
}
