package dev.postern.config;

import java.net.InetAddress;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Knows host names and addresses by their text alone; never asks a name server.
public final class Hosts {

    private static final int MOST_NAME_CHARS = 253;
    private static final Pattern IPV4 = Pattern.compile("(\\d{1,3}\\.){3}\\d{1,3}");
    private static final Pattern NUMBERS = Pattern.compile("[0-9.]+");
    private static final Pattern NAME =
            Pattern.compile(
                    "[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?"
                            + "(\\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\\.?");

    private Hosts() {}

    /// Returns the address that `text` writes; null when it is none.
    public static @Nullable InetAddress address(String text) {
        boolean possible = text.indexOf(':') >= 0 || IPV4.matcher(text).matches();
        if (!possible || text.length() > MOST_NAME_CHARS) {
            return null;
        }
        try {
            return InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    /// Returns a host without the brackets in which an IPv6 address may stand.
    public static String withoutBrackets(String host) {
        boolean bracketed = host.length() > 2 && host.startsWith("[") && host.endsWith("]");
        return bracketed ? host.substring(1, host.length() - 1) : host;
    }

    /// Returns whether `text` is an address or may be a name.
    public static boolean valid(String text) {
        return address(text) != null
                || (text.length() <= MOST_NAME_CHARS
                        && NAME.matcher(text).matches()
                        && !NUMBERS.matcher(text).matches());
    }

    /// Returns whether `host` is this machine whatever the network: a loopback address or
    /// `localhost` (RFC 6761 §6.3).
    public static boolean loopback(String host) {
        InetAddress address = address(host);
        if (address != null) {
            return address.isLoopbackAddress();
        }
        String name = host.toLowerCase(Locale.ROOT);
        return name.equals("localhost") || name.equals("localhost.");
    }

    /// Returns whether `host` stands for every address of this machine.
    public static boolean wildcard(String host) {
        InetAddress address = address(host);
        return address != null && address.isAnyLocalAddress();
    }
}
