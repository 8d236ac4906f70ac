package dev.postern.config.load;

import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.Percent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Reads one URL of `POSTERN_EGRESS`:
///
/// ```
/// smtp://USER:PASSWORD@HOST:PORT?KEY=VALUE#NAME     smtps://…      (implicit TLS, port 465)
/// sendgrid://KEY@   resend://KEY@   brevo://KEY@   postmark://KEY@
/// mailgun://KEY@DOMAIN      ses://REGION      ses://ID:SECRET@REGION
/// ```
///
/// Every part is percent-encoded ([UrlParts]). No message repeats any of the text, since any part
/// may be a misplaced secret.
final class EgressUrl {

    private static final String IMPLICIT_TLS_PORT = "465";

    private final Source source;
    private final Problems problems;
    private final SequencedMap<String, RawValue.Entry> members = new LinkedHashMap<>();
    private boolean broken;

    private EgressUrl(Source source, Problems problems) {
        this.source = source;
        this.problems = problems;
    }

    /// Returns the URLs of a variable as a list of mappings. Those without a name get one: the
    /// type, then type-2, type-3…
    static RawValue.Items readAll(RawValue.Text text, Problems problems) {
        String variable = text.source().toString();
        List<RawValue> urls = new ArrayList<>();
        Set<String> taken = new HashSet<>();
        for (String url : text.value().strip().split("\\s+")) {
            if (!url.isEmpty()) {
                RawValue read = read(url, new Source.InUrl(variable, urls.size() + 1), problems);
                urls.add(read);
                if (read instanceof RawValue.Entries entries && entries.text("name") != null) {
                    taken.add(entries.text("name").value());
                }
            }
        }
        Map<String, Integer> counts = new HashMap<>();
        urls.replaceAll(url ->
                url instanceof RawValue.Entries entries ? named(entries, taken, counts) : url);
        return new RawValue.Items(urls, text.source());
    }

    private static RawValue named(
            RawValue.Entries url, Set<String> taken, Map<String, Integer> counts) {
        RawValue.Text type = url.text("type");
        if (type == null || url.text("name") != null) {
            return url;
        }
        String name = type.value();
        while (!taken.add(name)) {
            name = type.value() + "-" + counts.merge(type.value(), 2, (count, _) -> count + 1);
        }
        return url.with("name", name, url.source());
    }

    /// Returns the URL as a mapping of keys; broken after telling its problems.
    static RawValue read(String url, Source source, Problems problems) {
        return new EgressUrl(source, problems).read(url);
    }

    private RawValue read(String url) {
        UrlParts parts = UrlParts.of(url);
        List<String> schemes =
                Stream.concat(
                                Stream.of("smtps"),
                                Arrays.stream(EgressType.values()).map(EgressType::word))
                        .toList();
        if (parts == null) {
            wrong(
                    "must begin with a type and ://",
                    "types are " + String.join(", ", schemes) + "; within a URL a blank is %20");
        } else if (!schemes.contains(parts.scheme())) {
            String guess = Types.suggestion(parts.scheme(), schemes);
            wrong(
                    "unknown type",
                    guess.isEmpty() ? "types are " + String.join(", ", schemes) : guess);
        } else {
            members(parts);
        }
        return broken ? new RawValue.Broken(source) : new RawValue.Entries(members, source);
    }

    private void members(UrlParts parts) {
        if (parts.isDoubtful()) {
            wrong("can't be read for sure", UrlParts.REMEDY);
            return;
        }
        if (!parts.rest().isEmpty() && !parts.rest().equals("/")) {
            wrong("has a path", UrlParts.REMEDY);
        }
        boolean smtps = parts.scheme().equals("smtps");
        EgressType type =
                smtps
                        ? EgressType.SMTP
                        : EgressType.valueOf(parts.scheme().toUpperCase(Locale.ROOT));
        members.put("type", entry(type.word()));
        put("name", parts.fragment());
        switch (type) {
            case SMTP -> smtp(parts, smtps);
            case SENDGRID, RESEND, BREVO, POSTMARK -> api(parts);
            case MAILGUN -> mailgun(parts);
            case SES -> {
                put("region", parts.place());
                pair(parts.user(), "access-key-id", "secret-access-key");
            }
        }
        query(parts.query());
        RawValue.Text tls = new RawValue.Entries(members, source).text("tls");
        if (smtps && (tls == null || !tls.value().equals("implicit"))) {
            wrong("smtps:// means tls=implicit", "write smtp:// for any other");
        }
    }

    private void smtp(UrlParts parts, boolean implicit) {
        put("host", parts.host());
        if (parts.port() != null) {
            put("port", parts.port());
        } else if (implicit) {
            put("port", IMPLICIT_TLS_PORT);
        }
        pair(parts.user(), "username", "password");
        if (implicit && (parts.query() == null || !setsTls(parts.query()))) {
            put("tls", "implicit");
        }
    }

    private void api(UrlParts parts) {
        if (parts.user() == null || !parts.place().isEmpty()) {
            wrong(
                    "must be TYPE://KEY@",
                    "nothing stands behind the @, and the key is percent-encoded");
            return;
        }
        single(parts.user());
    }

    private void mailgun(UrlParts parts) {
        put("domain", parts.place());
        if (parts.user() != null) {
            single(parts.user());
        }
    }

    private void single(String user) {
        if (user.indexOf(':') >= 0) {
            wrong("has a password", "write %3A for a colon within a key");
        }
        put("api-key", user);
    }

    private void pair(@Nullable String user, String first, String second) {
        if (user == null) {
            return;
        }
        int colon = user.indexOf(':');
        put(first, colon < 0 ? user : user.substring(0, colon));
        put(second, colon < 0 ? null : user.substring(colon + 1));
    }

    private void query(@Nullable String query) {
        if (query == null || query.isEmpty()) {
            return;
        }
        for (String parameter : query.split("&", -1)) {
            int equals = parameter.indexOf('=');
            String name = equals < 0 ? null : Percent.decode(parameter.substring(0, equals));
            if (name == null) {
                wrong("has a parameter that is not KEY=VALUE", UrlParts.REMEDY);
            } else if (members.containsKey(name)) {
                wrong("gives a key twice", "a parameter sets what the rest of the URL does not");
            } else {
                put(name, parameter.substring(equals + 1));
            }
        }
    }

    private static boolean setsTls(String query) {
        return Arrays.stream(query.split("&", -1))
                .anyMatch(parameter -> parameter.split("=", 2)[0].equals("tls"));
    }

    /// Sets a key, unless its part of the URL is absent or empty.
    private void put(String name, @Nullable String encoded) {
        if (encoded == null || encoded.isEmpty()) {
            return;
        }
        String decoded = Percent.decode(encoded);
        if (decoded == null) {
            wrong("has a malformed percent-escape", "write %25 for a percent sign");
        } else {
            members.put(name, entry(decoded));
        }
    }

    private RawValue.Entry entry(String value) {
        return new RawValue.Entry(source, new RawValue.Text(value, source));
    }

    private void wrong(String what, String remedy) {
        broken = true;
        problems.add(source, "egress", what, remedy);
    }
}
