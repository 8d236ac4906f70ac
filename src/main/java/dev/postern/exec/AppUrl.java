package dev.postern.exec;

import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.Hosts;
import dev.postern.config.Percent;
import dev.postern.config.load.UrlParts;
import dev.postern.exec.AppServer.Part;
import dev.postern.exec.AppServer.Protection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A URL or DSN in which an app names where it sends, or several of them: `failover(smtp://a
/// smtp://b)`. What it says of a server that can't be adopted is told, without any of its text but
/// the scheme, since any part may be a misplaced secret.
final class AppUrl {

    private static final Set<String> SMTP_SCHEMES =
            Set.of("smtp", "smtps", "smtp+tls", "smtp+ssl", "submission");

    /// Parameters that ask for TLS.
    private static final Set<String> TLS_PARAMETERS =
            Set.of("encryption", "tls", "ssl", "secure", "starttls", "require_tls", "auto_tls");

    /// Parameters by which an app does without the verification of certificates.
    private static final List<String> VERIFYING = List.of("verify_peer", "tls.rejectUnauthorized");

    /// Parameters whose meaning is taken over, or told.
    private static final Set<String> UNDERSTOOD =
            Set.of(
                    ("encryption tls ssl secure starttls require_tls verify_peer"
                                    + " tls.rejectunauthorized")
                            .split(" "));

    /// Schemes of what sends by no server.
    private static final Set<String> SERVERLESS =
            Set.of(
                    "null native sendmail consolemail filemail memorymail dummymail log array"
                            .split(" "));

    private static final String SEVERAL = "(?i)(failover|roundrobin)\\(.*";
    private static final Pattern SCHEME = Pattern.compile("([a-z0-9+-]{1,30}):");
    private static final int MOST_PORT = 65_535;

    private final String variable;
    private final String text;
    private final List<String> remarks = new ArrayList<>();
    private @Nullable AppServer server;
    private @Nullable UrlParts parts;

    private AppUrl(String variable, String text) {
        this.variable = variable;
        this.text = text;
    }

    /// Reads the value of a variable.
    static AppUrl of(String variable, String text) {
        AppUrl url = new AppUrl(variable, text);
        if (text.matches(SEVERAL)) {
            url.readSeveral();
        } else {
            url.read(text);
        }
        return url;
    }

    /// Returns what it names; null when it can't be adopted, which [#remarks] tell why.
    @Nullable AppServer server() {
        return server;
    }

    /// Returns whether it says who logs in, if only half.
    boolean hasUser() {
        return parts != null && parts.user() != null && !parts.user().isEmpty();
    }

    /// Returns what is not used of it, in sentences that lack the variable before them.
    List<String> remarks() {
        return List.copyOf(remarks);
    }

    /// Returns the text for a server at `host` and `port` in clear, with the same log-in.
    String pointedAt(String host, int port) {
        if (server == null || parts == null) {
            return text;
        }
        boolean provider = !SMTP_SCHEMES.contains(parts.scheme());
        String kept =
                provider
                        ? ""
                        : parameters()
                                .filter(parameter -> !TLS_PARAMETERS.contains(nameOf(parameter)))
                                .collect(Collectors.joining("&"));
        String user = parts.user() == null ? "" : parts.user() + "@";
        String path = provider ? "" : parts.rest();
        String query = kept.isEmpty() ? "" : "?" + kept;
        String fragment = parts.fragment() == null ? "" : "#" + parts.fragment();
        return "smtp://" + user + host + ":" + port + path + query + fragment;
    }

    /// The first that can be adopted counts, as it does for the app while nothing fails.
    private void readSeveral() {
        List<String> ways =
                Arrays.stream(text.split("[\\s()]+")).filter(way -> way.contains("://")).toList();
        int first = 0;
        while (first < ways.size() && server == null) {
            read(ways.get(first++));
        }
        if (server != null && first < ways.size()) {
            remarks.add(
                    "one of its " + ways.size() + " servers is adopted; make the others egresses");
        } else if (ways.isEmpty()) {
            remarks.add("names no server");
        }
    }

    private void read(String url) {
        UrlParts read = UrlParts.of(url);
        if (read == null) {
            remarks.add("names no server" + schemeOf(url));
        } else if (read.isDoubtful()) {
            remarks.add("can't be read for sure; " + UrlParts.REMEDY);
        } else if (SMTP_SCHEMES.contains(read.scheme())) {
            parts = read;
            readSmtp(read);
        } else {
            parts = read;
            readProvider(read);
        }
    }

    private void readSmtp(UrlParts its) {
        String host = Hosts.withoutBrackets(decoded(its.host()));
        OptionalInt port = port(its.port());
        if (!Hosts.valid(host)) {
            remarks.add("names no server; " + UrlParts.REMEDY);
        } else if (its.port() != null && port.isEmpty()) {
            remarks.add("has a port that is no number from 1 to 65535; " + UrlParts.REMEDY);
        } else {
            Protection protection = Protection.ofScheme(its.scheme(), port).or(asked());
            server = AppServer.smtp(host, port, logIn(its), protection, said());
            tellUnverified();
            tellParameters(UNDERSTOOD);
        }
    }

    private AppProvider.@Nullable LogIn logIn(UrlParts its) {
        String user = user(its);
        String password = password(its);
        if (user == null || user.isEmpty()) {
            return null;
        }
        if (password == null) {
            remarks.add("has a user without a password: nobody logs in");
            return null;
        }
        return new AppProvider.LogIn(user, password);
    }

    private void readProvider(UrlParts its) {
        int plus = its.scheme().lastIndexOf('+');
        String name = plus < 0 ? its.scheme() : its.scheme().substring(0, plus);
        Optional<AppProvider> provider = AppProvider.of(name);
        if (provider.isEmpty()) {
            String scheme = schemeOf(its.scheme() + ":");
            remarks.add(
                    SERVERLESS.contains(name)
                            ? "does not send by SMTP, nor by an API that is known" + scheme
                            : "names a provider that is not known here%s; give POSTERN_EGRESS one"
                                    .formatted(scheme));
            return;
        }
        switch (plus < 0 ? provider.get().usualWay() : its.scheme().substring(plus + 1)) {
            case "smtp", "smtps" -> readProviderSmtp(its, provider.get());
            case "api", "https" -> readProviderApi(its, provider.get());
            default ->
                    remarks.add("is sent by neither SMTP nor API" + schemeOf(its.scheme() + ":"));
        }
    }

    private void readProviderSmtp(UrlParts its, AppProvider provider) {
        boolean usual = its.host().isEmpty() || its.host().equals("default");
        AppProvider.LogIn logIn = provider.logIn(user(its), password(its));
        String host = usual ? provider.host(parameter("region")) : decoded(its.host());
        if (logIn == null) {
            remarks.add("has not both user and password, so nobody can log in");
        } else if (!Hosts.valid(host)) {
            remarks.add("names no server");
        } else {
            Protection protection =
                    its.scheme().endsWith("s") ? Protection.IMPLICIT : Protection.UNSAID;
            server = AppServer.smtp(host, port(its.port()), logIn, protection, said());
            tellParameters(Set.of("region"));
        }
    }

    private void readProviderApi(UrlParts its, AppProvider provider) {
        EgressType api = provider.api();
        SequencedMap<String, String> keys =
                provider.apiKeys(user(its), password(its), parameter("region"));
        boolean usual = its.host().isEmpty() || its.host().equals("default");
        if (api == null) {
            String other = provider.name() + "+smtp";
            remarks.add("sends by an API that is not known here; " + other + " can be adopted");
        } else if (keys == null || parameter("session_token") != null || !usual) {
            remarks.add(
                    "has not what an egress of type %s needs; give POSTERN_EGRESS one"
                            .formatted(api.word()));
        } else {
            server = new AppServer(api, keys, OptionalInt.empty(), Protection.UNSAID, said());
            tellParameters(Set.of("region"));
        }
    }

    private Protection asked() {
        return parameters()
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

    /// A certificate that the app did not want to see verified is verified here.
    private void tellUnverified() {
        for (String name : VERIFYING) {
            String verify = parameter(name);
            if (verify != null && !Protection.isYes(verify)) {
                String why = ": certificates are verified (see tls-name and ca)";
                remarks.add(name + " is not taken over" + why);
            }
        }
    }

    private void tellParameters(Set<String> understood) {
        boolean others = parameters().anyMatch(each -> !understood.contains(nameOf(each)));
        if (others) {
            remarks.add("its other parameters are not taken over");
        }
    }

    private SequencedMap<String, Part> said() {
        return new LinkedHashMap<>(Map.of(variable, Part.SERVER));
    }

    /// Returns the scheme in brackets, where it looks like one.
    private static String schemeOf(String url) {
        Matcher scheme = SCHEME.matcher(url);
        return scheme.lookingAt() ? " (" + scheme.group(1) + ")" : "";
    }

    private static @Nullable String user(UrlParts its) {
        return its.user() == null ? null : decoded(its.user().split(":", 2)[0]);
    }

    private static @Nullable String password(UrlParts its) {
        String[] pair = its.user() == null ? new String[0] : its.user().split(":", 2);
        return pair.length < 2 ? null : decoded(pair[1]);
    }

    private @Nullable String parameter(String name) {
        return parameters()
                .filter(parameter -> parameter.startsWith(name + "="))
                .map(parameter -> decoded(parameter.substring(name.length() + 1)))
                .findFirst()
                .orElse(null);
    }

    private Stream<String> parameters() {
        String query = parts == null ? null : parts.query();
        return query == null ? Stream.empty() : Arrays.stream(query.split("&"));
    }

    private static String nameOf(String parameter) {
        return parameter.split("=", 2)[0].toLowerCase(Locale.ROOT);
    }

    /// People write passwords into URLs as they are; a percent sign that begins no escape is one.
    private static String decoded(String text) {
        String decoded = Percent.decode(text);
        return decoded == null ? text : decoded;
    }

    /// Returns the port that a text writes; empty when it writes none.
    static OptionalInt port(@Nullable String text) {
        if (text == null || !text.strip().matches("\\d{1,5}")) {
            return OptionalInt.empty();
        }
        int port = Integer.parseInt(text.strip());
        return port > 0 && port <= MOST_PORT ? OptionalInt.of(port) : OptionalInt.empty();
    }
}
