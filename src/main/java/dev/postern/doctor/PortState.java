package dev.postern.doctor;

import dev.postern.egress.smtp.PortCheck;
import dev.postern.outcome.Stage;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Locale;

/// What became of a TCP connection.
enum PortState {
    OPEN,
    /// A reset came back at once (ECONNREFUSED).
    REFUSED,
    /// Nothing came back.
    DROPPED,
    /// No route, by this machine or a router near it (ENETUNREACH).
    UNREACHABLE,
    /// EHOSTUNREACH, which rejecting firewalls say too.
    NO_ROUTE,
    /// This machine forbids it (EACCES, EPERM).
    FORBIDDEN,
    RESET;

    /// Returns the word of the findings table: `no-route`.
    String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// Tries a connection and closes it.
    static PortState knock(InetSocketAddress address, Duration limit) {
        try (Socket socket = new Socket()) {
            socket.connect(address, Math.toIntExact(limit.toMillis()));
            return OPEN;
        } catch (SocketTimeoutException _) {
            return DROPPED;
        } catch (NoRouteToHostException _) {
            return NO_ROUTE;
        } catch (IOException e) {
            return of(String.valueOf(e.getMessage()));
        }
    }

    private static PortState of(String said) {
        String words = said.toLowerCase(Locale.ROOT);
        if (words.contains("refused")) {
            return REFUSED;
        }
        if (words.contains("timed out")) {
            return DROPPED;
        }
        if (words.contains("permission") || words.contains("not permitted")) {
            return FORBIDDEN;
        }
        if (words.contains("reset")) {
            return RESET;
        }
        return words.contains("no route") || words.contains("host is") ? NO_ROUTE : UNREACHABLE;
    }

    /// Returns what it was in a try at a submission server.
    static PortState of(PortCheck reached) {
        if (reached.stage().compareTo(Stage.CONNECT) > 0) {
            return OPEN;
        }
        return switch (reached.end()) {
            case REFUSED -> REFUSED;
            case DROPPED, SILENT -> DROPPED;
            case NO_ROUTE -> NO_ROUTE;
            case FORBIDDEN -> FORBIDDEN;
            case RESET, CLOSED -> RESET;
            case NO_NETWORK,
                    REACHED,
                    NEGATIVE,
                    GARBLED,
                    TLS_FAILED,
                    NO_STARTTLS,
                    BROKEN_OFF,
                    OTHER ->
                    UNREACHABLE;
        };
    }
}
