package dev.postern.config;

import dev.postern.config.EgressKeys.EgressType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// Finds the egress list: that of the file or of `POSTERN_EGRESS`, else what conventional variables
/// tell.
final class EgressSources {

    private static final SequencedMap<String, EgressType> CONVENTIONAL = new LinkedHashMap<>();

    static {
        CONVENTIONAL.put("SENDGRID_API_KEY", EgressType.SENDGRID);
        CONVENTIONAL.put("MAILGUN_API_KEY", EgressType.MAILGUN);
        CONVENTIONAL.put("POSTMARK_SERVER_TOKEN", EgressType.POSTMARK);
        CONVENTIONAL.put("RESEND_API_KEY", EgressType.RESEND);
        CONVENTIONAL.put("BREVO_API_KEY", EgressType.BREVO);
    }

    private static final String MAILGUN_DOMAIN = "MAILGUN_DOMAIN";

    private EgressSources() {}

    /// Returns the URLs of a variable as a list of mappings.
    static Given.Items urls(Given.Text text, Problems problems) {
        String variable = text.source().toString();
        List<Given> urls = new ArrayList<>();
        for (String url : text.value().strip().split("\\s+")) {
            if (!url.isEmpty()) {
                Source source = new Source.InUrl(variable, urls.size() + 1);
                urls.add(EgressUrl.read(url, source, problems));
            }
        }
        EgressUrl.names(urls)
                .forEach((index, name) -> urls.set(index, named(urls.get(index), name)));
        return new Given.Items(urls, text.source());
    }

    /// Returns an egress for each conventional variable that is set.
    ///
    /// @param remarks is told which were used
    static Given.Items conventional(Map<String, String> environment, List<String> remarks) {
        List<Given> found = new ArrayList<>();
        CONVENTIONAL.forEach((variable, type) -> {
            String key = Environment.value(environment, variable);
            if (key == null) {
                return;
            }
            Given.Entries egress = egress(variable, type, key);
            if (type == EgressType.MAILGUN) {
                String domain = Environment.value(environment, MAILGUN_DOMAIN);
                if (domain == null) {
                    remarks.add(variable + " is not used: MAILGUN_DOMAIN is not set");
                    return;
                }
                domain = Types.PROVIDERS_KEY.plain(domain);
                egress = with(egress, "domain", domain, new Source.Variable(MAILGUN_DOMAIN));
            }
            remarks.add("egress " + type.word() + " comes from " + variable);
            found.add(egress);
        });
        return new Given.Items(found, new Source.Default(""));
    }

    private static Given.Entries egress(String variable, EgressType type, String key) {
        Source source = new Source.Variable(variable);
        Given.Entries none = new Given.Entries(new LinkedHashMap<>(), source);
        Given.Entries typed = with(none, "type", type.word(), source);
        return with(with(typed, "name", type.word(), source), "api-key", key, source);
    }

    private static Given named(Given url, String name) {
        return url instanceof Given.Entries entries
                ? with(entries, "name", name, url.source())
                : url;
    }

    private static Given.Entries with(
            Given.Entries entries, String name, String value, Source source) {
        SequencedMap<String, Given.Entry> members = new LinkedHashMap<>(entries.entries());
        members.put(name, new Given.Entry(source, new Given.Text(value, source)));
        return new Given.Entries(members, entries.source());
    }
}
