package dev.postern.doctor;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Hosts of well-known providers: what the findings table calls them, and which ports they have.
final class Known {

    private static final List<Integer> USUAL_PORTS = List.of(587, 465, 2525);

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

    /// Where they differ from the usual ones.
    private static final Map<String, List<Integer>> PORTS =
            Map.of(
                    "gmail", List.of(587, 465),
                    "office365", List.of(587),
                    "outlook", List.of(587),
                    "ses", List.of(587, 465, 2587, 2465),
                    "resend", List.of(587, 465, 2587, 2465),
                    "postmark", List.of(587, 2525),
                    "ovh-mail", List.of(587, 465));

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

    /// Returns the submission ports to try at a host.
    static List<Integer> submissionPorts(String host) {
        return tags(host).stream()
                .filter(PORTS::containsKey)
                .findFirst()
                .map(PORTS::get)
                .orElse(USUAL_PORTS);
    }
}
