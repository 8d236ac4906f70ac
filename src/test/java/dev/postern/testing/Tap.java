package dev.postern.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;

/// A wire tap before a listener: it passes everything on in both directions and records what the
/// clients say. Plain text, DATA only.
public final class Tap implements AutoCloseable {

    private static final Pattern TRANSACTION =
            Pattern.compile(
                    "^MAIL FROM:\\s*<([^>]*)>.*?^DATA\\s*?\\r\\n(.*?\\r\\n)\\.\\r\\n",
                    Pattern.MULTILINE | Pattern.DOTALL | Pattern.CASE_INSENSITIVE);

    private final ServerSocket listener;
    private final int target;
    private final List<ByteArrayOutputStream> said = new CopyOnWriteArrayList<>();

    /// Opens a tap before the port.
    public Tap(int target) throws IOException {
        this.target = target;
        this.listener = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    /// Returns the port that clients are to use.
    public int port() {
        return listener.getLocalPort();
    }

    /// Returns the content that a client sent for this sender, dots unstuffed (RFC 5321 §4.5.2),
    /// else as it was on the wire.
    ///
    /// @throws AssertionError when there is not exactly one
    public HeaderSection contentFrom(String sender) {
        List<String> found =
                said.stream()
                        .map(bytes -> bytes.toString(StandardCharsets.ISO_8859_1))
                        .flatMap(text -> TRANSACTION.matcher(text).results())
                        .filter(transaction -> transaction.group(1).equals(sender))
                        .map(transaction -> unstuffed(transaction.group(2)))
                        .toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " transactions of " + sender + " were seen");
        }
        return HeaderSection.of(found.getFirst());
    }

    /// Returns all that was said on each connection, an octet a character.
    public List<String> said() {
        return said.stream().map(bytes -> bytes.toString(StandardCharsets.ISO_8859_1)).toList();
    }

    private static String unstuffed(String data) {
        return ("\r\n" + data).replace("\r\n.", "\r\n").substring(2);
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                ByteArrayOutputStream record = new ByteArrayOutputStream();
                said.add(record);
                Thread.ofVirtual().start(() -> pass(client, server, record));
                Thread.ofVirtual()
                        .start(() -> pass(server, client, OutputStream.nullOutputStream()));
            }
        } catch (IOException closed) {
            Thread.currentThread().interrupt();
        }
    }

    /// Passes bytes on until either side ends; a byte is recorded before it is passed on.
    private static void pass(Socket from, Socket to, OutputStream record) {
        byte[] buffer = new byte[1 << 14];
        try (InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream()) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                record.write(buffer, 0, count);
                out.write(buffer, 0, count);
                out.flush();
            }
        } catch (IOException ended) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
