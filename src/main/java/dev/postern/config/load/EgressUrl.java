package dev.postern.config.load;

import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.Percent;
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
    private final String path;
    private final Problems problems;
    private final SequencedMap<String, RawValue.Entry> members = new LinkedHashMap<>();
    private boolean broken;

    private EgressUrl(Source source, Problems problems) {
        this.source = source;
        this.path = "egress";
        this.problems = problems;
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
            case SES -> ses(parts);
        }
        query(parts.query());
        if (smtps && !isImplicit()) {
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
        if (implicit && (parts.query() == null || !queryNames(parts.query()).contains("tls"))) {
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

    private void ses(UrlParts parts) {
        put("region", parts.place());
        pair(parts.user(), "access-key-id", "secret-access-key");
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

    private static List<String> queryNames(String query) {
        return Arrays.stream(query.split("&", -1))
                .map(parameter -> parameter.split("=", 2)[0])
                .toList();
    }

    private boolean isImplicit() {
        RawValue.Text tls = new RawValue.Entries(members, source).text("tls");
        return tls != null && tls.value().equals("implicit");
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
        problems.add(source, path, what, remedy);
    }

    /// Gives a name to those of `urls` that have none: the type, then type-2, type-3…
    static Map<Integer, String> names(List<RawValue> urls) {
        Map<Integer, String> names = new LinkedHashMap<>();
        for (int i = 0; i < urls.size(); i++) {
            String name = text(urls.get(i), "name");
            if (name != null) {
                names.put(i, name);
            }
        }
        Set<String> taken = new HashSet<>(names.values());
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < urls.size(); i++) {
            String type = text(urls.get(i), "type");
            if (type != null && !names.containsKey(i)) {
                String name = type;
                while (!taken.add(name)) {
                    name = type + "-" + counts.merge(type, 2, (count, _) -> count + 1);
                }
                names.put(i, name);
            }
        }
        return names;
    }

    private static @Nullable String text(RawValue given, String member) {
        RawValue.Text text =
                given instanceof RawValue.Entries entries ? entries.text(member) : null;
        return text == null ? null : text.value();
    }
}
