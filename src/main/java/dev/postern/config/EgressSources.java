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
    static RawValue.Items urls(RawValue.Text text, Problems problems) {
        String variable = text.source().toString();
        List<RawValue> urls = new ArrayList<>();
        for (String url : text.value().strip().split("\\s+")) {
            if (!url.isEmpty()) {
                Source source = new Source.InUrl(variable, urls.size() + 1);
                urls.add(EgressUrl.read(url, source, problems));
            }
        }
        EgressUrl.names(urls)
                .forEach((index, name) -> urls.set(index, named(urls.get(index), name)));
        return new RawValue.Items(urls, text.source());
    }

    /// Returns an egress for each conventional variable that is set.
    ///
    /// @param remarks is told which were used
    static RawValue.Items conventional(Map<String, String> environment, List<String> remarks) {
        List<RawValue> found = new ArrayList<>();
        CONVENTIONAL.forEach((variable, type) -> {
            String key = Environment.value(environment, variable);
            if (key == null) {
                return;
            }
            RawValue.Entries egress = egress(variable, type, key);
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
        return new RawValue.Items(found, new Source.Default(""));
    }

    private static RawValue.Entries egress(String variable, EgressType type, String key) {
        Source source = new Source.Variable(variable);
        RawValue.Entries none = new RawValue.Entries(new LinkedHashMap<>(), source);
        RawValue.Entries typed = with(none, "type", type.word(), source);
        return with(with(typed, "name", type.word(), source), "api-key", key, source);
    }

    private static RawValue named(RawValue url, String name) {
        return url instanceof RawValue.Entries entries
                ? with(entries, "name", name, url.source())
                : url;
    }

    private static RawValue.Entries with(
            RawValue.Entries entries, String name, String value, Source source) {
        SequencedMap<String, RawValue.Entry> members = new LinkedHashMap<>(entries.entries());
        members.put(name, new RawValue.Entry(source, new RawValue.Text(value, source)));
        return new RawValue.Entries(members, entries.source());
    }
}
