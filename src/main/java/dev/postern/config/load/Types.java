package dev.postern.config.load;

import dev.postern.config.Cidr;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.HostPort;
import dev.postern.config.Hosts;
import dev.postern.config.Secret;
import dev.postern.config.SmtpConfig;
import dev.postern.config.load.Type.Parsed;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SequencedMap;
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
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})([smhd])");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,18})(KiB|MiB|GiB)?");
    private static final Pattern SIZE_DECIMAL = Pattern.compile("[0-9]+ *[kKmMgG]i?[bB]?");
    private static final Pattern RATE = Pattern.compile("([0-9]{1,9})/([smhd])");
    private static final Pattern ADDRESS = Pattern.compile("[^\\s\\p{Cntrl}<>,]+");
    private static final Pattern DOMAIN = Pattern.compile("[^\\s\\p{Cntrl}<>,@]+");

    static final Type<Secret> SECRET = new Type.SecretText(false);

    /// What a provider made: nobody's quotes or blanks are part of it.
    static final Type.SecretText PROVIDERS_KEY = new Type.SecretText(true);

    static final Type<Path> PATH = new Type.FilePath();
    static final Type<List<SmtpConfig.User>> USERS = new Type.Users();
    static final Type<RawValue> EGRESSES = new Type.Egresses();

    static final Type.Scalar<Boolean> BOOL = new Type.Scalar<>("true or false", Types::parseBool);
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
                    "a base address such as https://api.example.org", EndpointText::parse);
    static final Type.Scalar<String> HOST =
            new Type.Scalar<>("a host name or an IP address", Types::parseHost);
    static final Type.Scalar<String> DOMAIN_NAME =
            text(
                    "a domain such as example.org",
                    word -> DOMAIN.matcher(word).matches() && !word.startsWith("."));
    static final Type.Scalar<String> MAIL_ADDRESS =
            text(
                    "an address such as ops@example.org",
                    word -> ADDRESS.matcher(word).matches() && inside(word.lastIndexOf('@'), word));
    static final Type.Scalar<String> SENDER =
            text(
                    "an address or a domain such as me@example.org or \"@example.org\"",
                    word ->
                            ADDRESS.matcher(word).matches()
                                    && word.lastIndexOf('@') >= 0
                                    && !word.endsWith("@"));
    static final Type.Scalar<String> LOCAL_NAME =
            text("a local part or an address", word -> ADDRESS.matcher(word).matches());
    static final Type.Scalar<String> TEXT =
            text(
                    "a text without control characters",
                    word -> word.chars().noneMatch(Character::isISOControl));
    static final Type.Scalar<String> WORD =
            text(
                    "printable ASCII without spaces, at most 255 characters",
                    word ->
                            word.length() <= 255
                                    && word.chars().allMatch(c -> c > ' ' && c < 0x7f));
    static final Type.Scalar<String> EGRESS_NAME =
            text(
                    "lower-case letters, digits and hyphens",
                    word -> word.chars().allMatch(Types::nameChar));
    static final Type.Scalar<String> WEB_ADDRESS =
            text(
                    "an http:// or https:// address",
                    word -> word.matches("(?i)https?://[^\\s/]\\S*"));
    static final Type<Map<String, String>> ALIASES = new Type.Aliases(LOCAL_NAME, LOCAL_NAME);

    private Types() {}

    /// Returns a list that may be empty.
    static <E> Type<List<E>> list(String example, Type.Scalar<E> element) {
        return new Type.ListOf<>("a list such as " + example, element, true);
    }

    /// Returns a list of at least one item.
    static <E> Type<List<E>> fullList(String example, Type.Scalar<E> element) {
        return new Type.ListOf<>("a list such as " + example, element, false);
    }

    /// Returns whole numbers from `least` to `most`.
    static Type.Scalar<Integer> number(int least, int most) {
        String rule = "a whole number from " + least + " to " + most;
        return new Type.Scalar<>(
                rule,
                text -> {
                    boolean inside =
                            NUMBER.matcher(text).matches()
                                    && Long.parseLong(text) >= least
                                    && Long.parseLong(text) <= most;
                    return inside ? Parsed.good(Integer.parseInt(text)) : Parsed.wrong(rule);
                });
    }

    /// Returns the constants of an enum, in lower case with hyphens.
    static <E extends Enum<E>> Type.Scalar<E> word(Class<E> type) {
        return word(type, Map.of());
    }

    /// Returns the constants of an enum, in lower case with hyphens.
    ///
    /// @param meant words that people write, in lower case, and what to write for them
    static <E extends Enum<E>> Type.Scalar<E> word(Class<E> type, Map<String, String> meant) {
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
                    String write = meant.get(text.toLowerCase(Locale.ROOT));
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

    private static Type.Scalar<String> text(String rule, Predicate<String> accepted) {
        return new Type.Scalar<>(
                rule,
                text ->
                        !text.isEmpty() && accepted.test(text)
                                ? Parsed.good(text)
                                : Parsed.wrong(rule));
    }

    private static boolean inside(int at, String word) {
        return at > 0 && at < word.length() - 1;
    }

    private static boolean nameChar(int c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }

    private static Parsed<Boolean> parseBool(String text) {
        return switch (text) {
            case "true" -> Parsed.good(true);
            case "false" -> Parsed.good(false);
            case String _ -> Parsed.wrong("true or false");
        };
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
        Matcher matcher = DURATION.matcher(text);
        return matcher.matches()
                ? unit(matcher.group(2).charAt(0)).multipliedBy(Long.parseLong(matcher.group(1)))
                : null;
    }

    private static Parsed<Duration> parseAboveZero(String text) {
        Parsed<Duration> parsed = parseDuration(text);
        return parsed instanceof Parsed.Good<Duration>(Duration duration) && duration.isZero()
                ? Parsed.wrong("a duration above zero")
                : parsed;
    }

    private static Duration unit(char letter) {
        return switch (letter) {
            case 's' -> Duration.ofSeconds(1);
            case 'm' -> Duration.ofMinutes(1);
            case 'h' -> Duration.ofHours(1);
            case 'd' -> Duration.ofDays(1);
            default -> throw new AssertionError("not a unit: " + letter);
        };
    }

    private static Parsed<Long> parseSize(String text, long least) {
        String rule = "a size such as 25MiB, 64KiB or 1000";
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            boolean decimal = SIZE_DECIMAL.matcher(text).matches();
            return Parsed.wrong(rule, decimal ? "the units are KiB, MiB and GiB" : "");
        }
        try {
            long size =
                    Math.multiplyExact(Long.parseLong(matcher.group(1)), bytes(matcher.group(2)));
            return size < least ? Parsed.wrong("at least " + least) : Parsed.good(size);
        } catch (ArithmeticException _) {
            return Parsed.wrong("a size below 8 EiB");
        }
    }

    private static long bytes(@Nullable String unit) {
        return switch (unit) {
            case null -> 1;
            case "KiB" -> 1L << 10;
            case "MiB" -> 1L << 20;
            case "GiB" -> 1L << 30;
            default -> throw new AssertionError("not a unit: " + unit);
        };
    }

    private static Parsed<HostPort> parseHostPort(String text) {
        int colon = text.lastIndexOf(':');
        String host = colon < 0 ? "" : text.substring(0, colon);
        String port = text.substring(colon + 1);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        if (!bracketed && host.indexOf(':') >= 0) {
            return Parsed.wrong(
                    "host:port", "an IPv6 address stands in brackets, as in [::1]:2525");
        }
        if (host.isEmpty()) {
            return Parsed.wrong("host:port", "such as 127.0.0.1:2525, or 0.0.0.0:2525 for all");
        }
        String bare = bracketed ? host.substring(1, host.length() - 1) : host;
        if (!Hosts.valid(bare) || (bracketed && bare.indexOf(':') < 0)) {
            return Parsed.wrong("host:port", "the host is a name or an IP address");
        }
        return NUMBER.matcher(port).matches() && Long.parseLong(port) <= MOST_PORT
                ? Parsed.good(new HostPort(bare, Integer.parseInt(port)))
                : Parsed.wrong("host:port", "the port is a number from 0 to 65535");
    }

    private static Parsed<OptionalInt> parsePort(String text) {
        if (text.equals("auto")) {
            return Parsed.good(OptionalInt.empty());
        }
        boolean port =
                NUMBER.matcher(text).matches()
                        && Long.parseLong(text) >= 1
                        && Long.parseLong(text) <= MOST_PORT;
        return port
                ? Parsed.good(OptionalInt.of(Integer.parseInt(text)))
                : Parsed.wrong("auto or a port from 1 to 65535");
    }

    private static Parsed<String> parseHost(String text) {
        boolean bracketed = text.startsWith("[") && text.endsWith("]") && text.length() > 2;
        String bare = bracketed ? text.substring(1, text.length() - 1) : text;
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
        String bits = slash < 0 ? String.valueOf(width) : text.substring(slash + 1);
        if (!NUMBER.matcher(bits).matches() || Long.parseLong(bits) > width) {
            return Parsed.wrong(rule, "the prefix is a number from 0 to " + width);
        }
        Cidr block = new Cidr(network, Integer.parseInt(bits));
        return block.equals(block.masked())
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
                : Parsed.good(new Common.Rate((int) messages, unit(matcher.group(2).charAt(0))));
    }

    /// Reads the base address of an HTTP API. Clear text is for this machine alone: the request
    /// carries a key.
    static final class EndpointText {

        private static final String RULE = "a base address such as https://api.example.org";

        private EndpointText() {}

        static Parsed<URI> parse(String text) {
            int end = text.length();
            while (end > 0 && text.charAt(end - 1) == '/') {
                end--;
            }
            String bare = text.substring(0, end);
            URI uri;
            try {
                uri = new URI(bare);
            } catch (URISyntaxException _) {
                return Parsed.wrong(RULE);
            }
            String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
            String host = uri.getHost();
            if (host == null || !(scheme.equals("https") || scheme.equals("http"))) {
                return Parsed.wrong(RULE);
            }
            if (uri.getRawUserInfo() != null
                    || uri.getRawQuery() != null
                    || uri.getRawFragment() != null) {
                return Parsed.wrong(RULE, "without user, query and fragment");
            }
            boolean loopback = Hosts.loopback(host.replace("[", "").replace("]", ""));
            return scheme.equals("http") && !loopback
                    ? Parsed.wrong("an https:// address", "http:// is for loopback addresses only")
                    : Parsed.good(uri);
        }
    }
}
