package dev.postern.config;

import dev.postern.config.AppServer.Protection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What an app's environment says by one convention, and how to say it of another server.
final class AppSettings {

    private static final Set<String> SMTP_SCHEMES =
            Set.of("smtp", "smtps", "smtp+tls", "smtp+ssl", "submission");

    /// Parameters of a URL that ask for TLS.
    private static final Set<String> TLS_PARAMETERS =
            Set.of("encryption", "tls", "ssl", "secure", "starttls", "require_tls", "auto_tls");

    /// Pairs of a yes and its no, in the spellings that apps compare with.
    private static final Map<String, String> NO =
            Map.ofEntries(
                    Map.entry("true", "false"),
                    Map.entry("True", "False"),
                    Map.entry("TRUE", "FALSE"),
                    Map.entry("yes", "no"),
                    Map.entry("Yes", "No"),
                    Map.entry("YES", "NO"),
                    Map.entry("on", "off"),
                    Map.entry("On", "Off"),
                    Map.entry("ON", "OFF"),
                    Map.entry("1", "0"),
                    Map.entry("t", "f"),
                    Map.entry("y", "n"),
                    Map.entry("always", "never"));

    private static final Pattern HOST_AND_PORT = Pattern.compile("([^:]+):(\\d{1,5})");

    private static final int PORT_MAX = 65_535;

    private final AppConvention convention;
    private final Map<String, String> environment;

    AppSettings(AppConvention convention, Map<String, String> environment) {
        this.convention = convention;
        this.environment = environment;
    }

    /// Returns the server that the settings name; null when they name none, or are not in use.
    @Nullable AppServer server() {
        boolean otherMailer =
                set(convention.mailers())
                        .anyMatch(name -> !value(name).toLowerCase(Locale.ROOT).contains("smtp"));
        if (otherMailer) {
            return null;
        }
        String url = set(convention.urls()).findFirst().orElse(null);
        if (url != null) {
            return ofUrl(url);
        }
        // SMTP_ADDRESS is Rails' server, and elsewhere the sender's address.
        String host =
                set(convention.hosts())
                        .filter(name -> Hosts.valid(hostOf(value(name))))
                        .findFirst()
                        .orElse(null);
        return host == null ? null : ofVariables(host);
    }

    private @Nullable AppServer ofUrl(String variable) {
        UrlParts parts = UrlParts.of(value(variable));
        if (parts == null || !SMTP_SCHEMES.contains(parts.scheme()) || parts.host().isEmpty()) {
            return null;
        }
        String[] user = parts.user() == null ? new String[0] : parts.user().split(":", 2);
        boolean credentials = user.length == 2 && !user[0].isEmpty();
        return new AppServer(
                decoded(parts.host()),
                port(parts.port()),
                credentials ? decoded(user[0]) : null,
                credentials ? decoded(user[1]) : null,
                Protection.ofScheme(parts.scheme()).or(asked(parts.query())),
                List.of(variable));
    }

    private static Protection asked(@Nullable String query) {
        return parameters(query)
                .map(parameter -> parameter.split("=", 2))
                .filter(pair -> pair.length == 2)
                .map(pair ->
                        switch (pair[0].toLowerCase(Locale.ROOT)) {
                            case "ssl", "secure" -> Protection.of(pair[1], Protection.IMPLICIT);
                            case "tls", "starttls", "encryption", "require_tls" ->
                                    Protection.of(pair[1], Protection.STARTTLS);
                            default -> Protection.UNSAID;
                        })
                .reduce(Protection.UNSAID, Protection::or);
    }

    private AppServer ofVariables(String host) {
        List<String> used = new ArrayList<>(List.of(host));
        String user = first(convention.users(), used);
        String password = first(convention.passwords(), used);
        String port = first(convention.ports(), used);
        boolean credentials = user != null && password != null;
        Protection protection = Protection.UNSAID;
        for (AppConvention.Switch named : convention.switches()) {
            Protection said = Protection.of(value(named.variable()), named.whenTrue());
            if (said != Protection.UNSAID) {
                used.add(named.variable());
            }
            // A switch for implicit TLS says more than one for TLS of any kind.
            protection = said == Protection.IMPLICIT ? said : protection.or(said);
        }
        String place = value(host);
        return new AppServer(
                hostOf(place),
                port(port == null ? portOf(place) : port),
                credentials ? user : null,
                credentials ? password : null,
                protection,
                used);
    }

    /// Returns the variables that make the app talk in clear to `host` and `port`; its credentials
    /// stay.
    Map<String, String> pointedAt(String host, int port) {
        Map<String, String> changes = new LinkedHashMap<>();
        set(convention.urls()).forEach(name -> changes.put(name, url(value(name), host, port)));
        if (set(convention.hosts()).findAny().isPresent()) {
            set(convention.hosts())
                    .filter(name -> Hosts.valid(hostOf(value(name))))
                    .forEach(name -> changes.put(name, host));
            String number = String.valueOf(port);
            changes.put(convention.ports().getFirst(), number);
            set(convention.ports()).forEach(name -> changes.put(name, number));
        }
        for (AppConvention.Switch named : convention.switches()) {
            String value = value(named.variable());
            if (Protection.of(value, named.whenTrue()) != Protection.UNSAID) {
                changes.put(named.variable(), NO.getOrDefault(value, named.off()));
            }
        }
        return changes;
    }

    private static String url(String url, String host, int port) {
        UrlParts parts = UrlParts.of(url);
        if (parts == null || !SMTP_SCHEMES.contains(parts.scheme())) {
            return url;
        }
        String kept =
                parameters(parts.query())
                        .filter(parameter -> !TLS_PARAMETERS.contains(nameOf(parameter)))
                        .collect(Collectors.joining("&"));
        return "smtp://"
                + (parts.user() == null ? "" : parts.user() + "@")
                + host
                + ":"
                + port
                + parts.rest()
                + (kept.isEmpty() ? "" : "?" + kept)
                + (parts.fragment() == null ? "" : "#" + parts.fragment());
    }

    private static String hostOf(String place) {
        Matcher both = HOST_AND_PORT.matcher(place);
        return both.matches() ? both.group(1) : place;
    }

    private static @Nullable String portOf(String place) {
        Matcher both = HOST_AND_PORT.matcher(place);
        return both.matches() ? both.group(2) : null;
    }

    private static String nameOf(String parameter) {
        return parameter.split("=", 2)[0].toLowerCase(Locale.ROOT);
    }

    private static Stream<String> parameters(@Nullable String query) {
        return query == null ? Stream.empty() : Arrays.stream(query.split("&"));
    }

    private Stream<String> set(List<String> names) {
        return names.stream().filter(name -> !value(name).isEmpty());
    }

    /// A Secret made by `echo` ends in a line break, which apps do not mind.
    private String value(String name) {
        String value = environment.getOrDefault(name, "");
        int end = value.length();
        while (end > 0 && (value.charAt(end - 1) == '\n' || value.charAt(end - 1) == '\r')) {
            end--;
        }
        return value.substring(0, end);
    }

    private @Nullable String first(List<String> names, List<String> used) {
        String name = set(names).findFirst().orElse(null);
        if (name == null) {
            return null;
        }
        used.add(name);
        return value(name);
    }

    /// People write passwords into URLs as they are; a percent sign that begins no escape is one.
    private static String decoded(String text) {
        String decoded = Percent.decode(text);
        return decoded == null ? text : decoded;
    }

    private static OptionalInt port(@Nullable String text) {
        if (text == null || !text.strip().matches("\\d{1,5}")) {
            return OptionalInt.empty();
        }
        int port = Integer.parseInt(text.strip());
        return port > 0 && port <= PORT_MAX ? OptionalInt.of(port) : OptionalInt.empty();
    }
}
