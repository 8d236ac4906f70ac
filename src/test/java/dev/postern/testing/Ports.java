package dev.postern.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Ports of the loopback interface, for servers that must be told theirs.
public final class Ports {

    private static final int TRY_MILLIS = 1000;

    private Ports() {}

    /// Returns so many different ports that are free now.
    public static List<Integer> free(int count) throws IOException {
        List<ServerSocket> taken = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                taken.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return taken.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : taken) {
                socket.close();
            }
        }
    }

    /// Listens on a port that another listener of this process has left, which takes a moment to be
    /// free when that one was waiting for a connection.
    ///
    /// @param backlog how many connections wait to be accepted
    public static ServerSocket retake(int port, int backlog) {
        return Await.value(
                "port " + port,
                () -> {
                    try {
                        InetAddress loopback = InetAddress.getLoopbackAddress();
                        return Optional.of(new ServerSocket(port, backlog, loopback));
                    } catch (IOException stillTaken) {
                        return Optional.empty();
                    }
                });
    }

    /// Returns whether a server on the port says something that begins so, by itself.
    public static boolean greets(int port, String greeting) {
        try (Socket socket = new Socket()) {
            socket.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TRY_MILLIS);
            socket.setSoTimeout(TRY_MILLIS);
            byte[] said = socket.getInputStream().readNBytes(greeting.length());
            return new String(said, StandardCharsets.US_ASCII).equals(greeting);
        } catch (IOException notYet) {
            return false;
        }
    }
}
