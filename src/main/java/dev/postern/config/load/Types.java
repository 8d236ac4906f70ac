package dev.postern.config.load;

import dev.postern.config.Cidr;
import dev.postern.config.DkimConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.HostPort;
import dev.postern.config.Hosts;
import dev.postern.config.Machine;
import dev.postern.config.Secret;
import dev.postern.config.SmtpConfig;
import dev.postern.config.load.Problems.ValueContext;
import dev.postern.config.load.Type.Parsed;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The types that keys have.
public final class Types {

    private static final int MOST_PORT = 65535;
    private static final int MOST_DURATION_DAYS = 3650;
    private static final int MOST_RATE_MESSAGES = 1_000_000_000;
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");
    private static final Pattern DURATION = Pattern.compile("[0-9]{1,9}[smhd]");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,18})(|KiB|MiB|GiB)");
    private static final Map<String, Long> UNIT_BYTES =
            Map.of("KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30);
    private static final Pattern SIZE_DECIMAL = Pattern.compile("[0-9]+ *[kKmMgG]i?[bB]?");
    private static final Pattern RATE = Pattern.compile("([0-9]{1,9})/([smhd])");

    /// A character of an address, and one of a domain.
    private static final String ADDRESS = "[^\\s\\p{Cntrl}<>,]";

    private static final String DOMAIN = "[^\\s\\p{Cntrl}<>,@]";

    static final Type<Secret> SECRET = new Type.SecretText(false);

    /// What a provider made: nobody's quotes or blanks are part of it.
    static final Type.SecretText PROVIDERS_KEY = new Type.SecretText(true);

    /// A file or directory.
    static final Type.Scalar<Path> PATH = new Type.Scalar<>("a path", Types::parsePath);

    static final Type<List<SmtpConfig.User>> USERS =
            new Type.Mappings<>(
                    "a user",
                    "{username: app, password: secret}",
                    "NAME:PASSWORD",
                    List.of("username", "password"),
                    Set.of("username"),
                    (members, _) -> user(members),
                    SmtpConfig.User::username);
    static final Type<List<DkimConfig>> DKIM_KEYS =
            new Type.Mappings<>(
                    "a key",
                    "{domain: example.org, selector: s1, key: \"${file:/run/secrets/dkim.pem}\"}",
                    "DOMAIN:SELECTOR:KEY",
                    List.of("domain", "selector", "key"),
                    Set.of("domain", "selector"),
                    Types::dkimKey,
                    DkimConfig::recordName);
    static final Type<RawValue> EGRESSES = new Type.Egresses();

    static final Type.Scalar<Boolean> BOOL =
            new Type.Scalar<>(
                    "true or false",
                    text ->
                            text.equals("true") || text.equals("false")
                                    ? Parsed.good(Boolean.valueOf(text))
                                    : Parsed.wrong("true or false"));
    static final Type.Scalar<Duration> DURATION_OR_ZERO =
            new Type.Scalar<>("a duration such as 30s, 5m, 4h or 5d", Types::parseDuration);
    static final Type.Scalar<Duration> DURATION_ABOVE_ZERO =
            new Type.Scalar<>(
                    "a duration above zero such as 30s, 5m, 4h or 5d", Types::parseAboveZero);
    static final Type.Scalar<Long> SIZE_OR_ZERO =
            new Type.Scalar<>("a size such as 25MiB, 64KiB or 1000", text -> parseSize(text, 0));
    static final Type.Scalar<Long> SIZE_ABOVE_ZERO =
            new Type.Scalar<>(
                    "a size above zero such as 25MiB, 64KiB or 1000", text -> parseSize(text, 1));
    static final Type.Scalar<HostPort> HOST_PORT =
            new Type.Scalar<>("host:port", Types::parseHostPort);
    static final Type.Scalar<Cidr> CIDR =
            new Type.Scalar<>("an address or a CIDR block", Types::parseCidr);
    static final Type.Scalar<Common.Rate> RATE_LIMIT =
            new Type.Scalar<>("a rate such as 30/m or 500/d (s, m, h, d)", Types::parseRate);
    static final Type.Scalar<OptionalInt> PORT_OR_AUTO =
            new Type.Scalar<>("auto or a port from 1 to 65535", Types::parsePort);
    static final Type.Scalar<URI> ENDPOINT =
            new Type.Scalar<>(
                    "a base address such as https://api.example.org", Types::parseEndpoint);
    static final Type.Scalar<String> HOST =
            new Type.Scalar<>("a host name or an IP address", Types::parseHost);
    static final Type.Scalar<String> DOMAIN_NAME =
            text("a domain such as example.org", "(?!\\.)" + DOMAIN + "+");
    static final Type.Scalar<String> MAIL_ADDRESS =
            text("an address such as ops@example.org", ADDRESS + "+@" + DOMAIN + "+");
    static final Type.Scalar<String> SENDER =
            text(
                    "an address or a domain such as me@example.org or \"@example.org\"",
                    ADDRESS + "*@" + DOMAIN + "+");
    static final Type.Scalar<String> LOCAL_NAME = text("a local part or an address", ADDRESS + "+");
    static final Type.Scalar<String> TEXT = text("a text without control characters", "\\P{Cc}+");
    static final Type.Scalar<String> WORD =
            text("printable ASCII without spaces, at most 255 characters", "[!-~]{1,255}");
    static final Type.Scalar<String> EGRESS_NAME =
            text("lower-case letters, digits and hyphens", "[a-z0-9-]+");
    static final Type.Scalar<String> DKIM_DOMAIN =
            new Type.Scalar<>(
                    "a domain such as example.org",
                    text ->
                            DkimConfig.domain(text)
                                    .map(Parsed::good)
                                    .orElseGet(() -> Parsed.wrong("a domain such as example.org")));
    static final Type.Scalar<String> DKIM_SELECTOR =
            new Type.Scalar<>(
                    "a selector such as s1",
                    text ->
                            DkimConfig.isSelector(text)
                                    ? Parsed.good(text)
                                    : Parsed.wrong("a selector such as s1"));
    static final Type.Scalar<String> WEB_ADDRESS =
            text("an http:// or https:// address", "(?i)https?://[^\\s/]\\S*");
    static final Type<Map<String, String>> ALIASES = new Type.Aliases(LOCAL_NAME, LOCAL_NAME);

    private Types() {}

    /// Returns a list.
    ///
    /// @param mayBeEmpty whether a list without items is a value
    static <E> Type<List<E>> list(String example, Type.Scalar<E> element, boolean mayBeEmpty) {
        return new Type.ListOf<>("a list such as " + example, element, mayBeEmpty);
    }

    /// Returns whole numbers from `least` to `most`.
    static Type.Scalar<Integer> number(int least, int most) {
        String rule = "a whole number from " + least + " to " + most;
        return new Type.Scalar<>(
                rule,
                text -> {
                    Integer number = between(least, most, text);
                    return number == null ? Parsed.wrong(rule) : Parsed.good(number);
                });
    }

    /// Returns the whole number that is written; null when it is none or out of bounds.
    private static @Nullable Integer between(int least, int most, String text) {
        boolean fits =
                NUMBER.matcher(text).matches()
                        && Long.parseLong(text) >= least
                        && Long.parseLong(text) <= most;
        return fits ? Integer.valueOf(text) : null;
    }

    /// Returns the constants of an enum, in lower case with hyphens.
    static <E extends Enum<E>> Type.Scalar<E> word(Class<E> type) {
        return word(type, Map.of());
    }

    /// Returns the constants of an enum, in lower case with hyphens.
    ///
    /// @param meant what to write, and words in lower case that people write for it
    static <E extends Enum<E>> Type.Scalar<E> word(Class<E> type, Map<String, Set<String>> meant) {
        SequencedMap<String, E> words = new LinkedHashMap<>();
        for (E constant : type.getEnumConstants()) {
            words.put(constant.name().toLowerCase(Locale.ROOT).replace('_', '-'), constant);
        }
        String rule = Problems.anyOf(List.copyOf(words.sequencedKeySet()));
        return new Type.Scalar<>(
                rule,
                text -> {
                    E constant = words.get(text);
                    if (constant != null) {
                        return Parsed.good(constant);
                    }
                    String write = NearestWord.elsewhere(text, meant);
                    return Parsed.wrong(
                            rule,
                            write == null
                                    ? suggestion(text, words.sequencedKeySet())
                                    : "write " + write);
                });
    }

    /// Returns `did you mean WORD?`, or nothing when no word is near.
    static String suggestion(String typed, Collection<String> words) {
        String nearest = NearestWord.of(typed, words);
        return nearest == null ? "" : "did you mean " + nearest + "?";
    }

    private static Type.Scalar<String> text(String rule, String pattern) {
        Predicate<String> fits = Pattern.compile(pattern).asMatchPredicate();
        return new Type.Scalar<>(
                rule, text -> fits.test(text) ? Parsed.good(text) : Parsed.wrong(rule));
    }

    private static SmtpConfig.User user(Map<String, RawValue.Text> members) {
        RawValue.Text password = member(members, "password");
        return new SmtpConfig.User(
                member(members, "username").value(), Secret.from(password.value(), password.now()));
    }

    private static @Nullable DkimConfig dkimKey(
            Map<String, RawValue.Text> members, ValueContext reading) {
        String domain = DKIM_DOMAIN.read(member(members, "domain"), reading.part(".domain"));
        String selector =
                DKIM_SELECTOR.read(member(members, "selector"), reading.part(".selector"));
        if (domain == null || selector == null) {
            return null;
        }
        if (!DkimConfig.fits(domain, selector)) {
            reading.part(".selector")
                    .tell(member(members, "selector").source(), "is too long for the DNS", "");
            return null;
        }
        RawValue.Text key = member(members, "key");
        try {
            return new DkimConfig(domain, selector, DkimConfig.key(key.value()));
        } catch (GeneralSecurityException wrong) {
            reading.part(".key")
                    .tell(
                            key.source(),
                            "must be a PEM key, RSA of 2048 bits or more or Ed25519: "
                                    + wrong.getMessage(),
                            "make one: postern dkim key " + domain + " " + selector);
            return null;
        }
    }

    private static RawValue.Text member(Map<String, RawValue.Text> members, String name) {
        return Objects.requireNonNull(members.get(name), name);
    }

    private static Parsed<Path> parsePath(String text) {
        Path path = Machine.path(text);
        if (path != null) {
            return Parsed.good(path);
        }
        return text.indexOf('\0') >= 0
                ? Parsed.wrong("a path without NUL")
                : Parsed.wrong(
                        "a path in the locale's charset, which is "
                                + System.getProperty("sun.jnu.encoding"),
                        "set LC_ALL=C.UTF-8");
    }

    private static Parsed<Duration> parseDuration(String text) {
        Duration duration = duration(text);
        if (duration == null) {
            boolean bare = NUMBER.matcher(text).matches();
            return Parsed.wrong(
                    "a duration such as 30s, 5m, 4h or 5d",
                    bare ? "add the unit: s, m, h or d" : "");
        }
        return duration.toDays() > MOST_DURATION_DAYS
                ? Parsed.wrong("at most " + MOST_DURATION_DAYS + "d")
                : Parsed.good(duration);
    }

    /// Returns the duration that is written `30s`, `5m`, `4h` or `5d`; null for anything else.
    public static @Nullable Duration duration(String text) {
        return DURATION.matcher(text).matches() ? read(text) : null;
    }

    private static Parsed<Duration> parseAboveZero(String text) {
        Parsed<Duration> parsed = parseDuration(text);
        return parsed instanceof Parsed.Good<Duration>(Duration duration) && duration.isZero()
                ? Parsed.wrong("a duration above zero")
                : parsed;
    }

    private static Duration read(String written) {
        return Duration.parse((written.endsWith("d") ? "P" : "PT") + written);
    }

    private static Parsed<Long> parseSize(String text, long least) {
        String rule = "a size such as 25MiB, 64KiB or 1000";
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            boolean decimal = SIZE_DECIMAL.matcher(text).matches();
            return Parsed.wrong(rule, decimal ? "the units are KiB, MiB and GiB" : "");
        }
        try {
            long unit = UNIT_BYTES.getOrDefault(matcher.group(2), 1L);
            long size = Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
            return size < least ? Parsed.wrong("at least " + least) : Parsed.good(size);
        } catch (ArithmeticException _) {
            return Parsed.wrong("a size below 8 EiB");
        }
    }

    private static Parsed<HostPort> parseHostPort(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        String bare = Hosts.withoutBrackets(host);
        boolean bracketed = !bare.equals(host);
        if (!bracketed && host.indexOf(':') >= 0) {
            return Parsed.wrong(
                    "host:port", "an IPv6 address stands in brackets, as in [::1]:2525");
        }
        if (host.isEmpty()) {
            return Parsed.wrong("host:port", "such as 127.0.0.1:2525, or 0.0.0.0:2525 for all");
        }
        if (!Hosts.valid(bare) || (bracketed && bare.indexOf(':') < 0)) {
            return Parsed.wrong("host:port", "the host is a name or an IP address");
        }
        Integer port = between(0, MOST_PORT, text.substring(colon + 1));
        return port == null
                ? Parsed.wrong("host:port", "the port is a number from 0 to 65535")
                : Parsed.good(new HostPort(bare, port));
    }

    /// Returns the address that is written `host:port`; null for anything else.
    public static @Nullable HostPort hostPort(String text) {
        return parseHostPort(text) instanceof Parsed.Good<HostPort>(HostPort address)
                ? address
                : null;
    }

    private static Parsed<OptionalInt> parsePort(String text) {
        if (text.equals("auto")) {
            return Parsed.good(OptionalInt.empty());
        }
        Integer port = between(1, MOST_PORT, text);
        return port == null
                ? Parsed.wrong("auto or a port from 1 to 65535")
                : Parsed.good(OptionalInt.of(port));
    }

    private static Parsed<String> parseHost(String text) {
        String bare = Hosts.withoutBrackets(text);
        if (Hosts.valid(bare)) {
            return Parsed.good(bare);
        }
        String remedy = "";
        if (text.contains("://")) {
            remedy = "without the scheme";
        } else if (text.indexOf(':') >= 0) {
            remedy = "the port has a key of its own";
        }
        return Parsed.wrong("a host name or an IP address", remedy);
    }

    private static Parsed<Cidr> parseCidr(String text) {
        String rule = "an address or a CIDR block";
        int slash = text.indexOf('/');
        InetAddress network = Hosts.address(slash < 0 ? text : text.substring(0, slash));
        if (network == null) {
            return Parsed.wrong(rule, "such as 10.0.0.7, 10.0.0.0/8 or fd00::/8");
        }
        int width = network.getAddress().length * Byte.SIZE;
        String written = slash < 0 ? String.valueOf(width) : text.substring(slash + 1);
        Integer bits = between(0, width, written);
        if (bits == null) {
            return Parsed.wrong(rule, "the prefix is a number from 0 to " + width);
        }
        Cidr block = new Cidr(network, bits);
        return block.network().equals(block.masked().network())
                ? Parsed.good(block)
                : Parsed.wrong(rule, "bits behind the prefix are set: write " + block.masked());
    }

    private static Parsed<Common.Rate> parseRate(String text) {
        Matcher matcher = RATE.matcher(text);
        if (!matcher.matches()) {
            return Parsed.wrong("a rate such as 30/m or 500/d (s, m, h, d)");
        }
        long messages = Long.parseLong(matcher.group(1));
        return messages < 1 || messages > MOST_RATE_MESSAGES
                ? Parsed.wrong("a rate above zero")
                : Parsed.good(new Common.Rate((int) messages, read("1" + matcher.group(2))));
    }

    /// Reads the base address of an HTTP API. Clear text is for this machine alone: the request
    /// carries a key.
    private static Parsed<URI> parseEndpoint(String text) {
        String rule = "a base address such as https://api.example.org";
        int end = text.length();
        while (end > 0 && text.charAt(end - 1) == '/') {
            end--;
        }
        URI uri;
        try {
            uri = new URI(text.substring(0, end));
        } catch (URISyntaxException _) {
            return Parsed.wrong(rule);
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        String host = uri.getHost();
        if (host == null || !(scheme.equals("https") || scheme.equals("http"))) {
            return Parsed.wrong(rule);
        }
        if (uri.getRawUserInfo() != null
                || uri.getRawQuery() != null
                || uri.getRawFragment() != null) {
            return Parsed.wrong(rule, "without user, query and fragment");
        }
        return scheme.equals("http") && !Hosts.loopback(Hosts.withoutBrackets(host))
                ? Parsed.wrong("an https:// address", "http:// is for loopback addresses only")
                : Parsed.good(uri);
    }
}
