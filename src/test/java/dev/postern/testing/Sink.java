package dev.postern.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/// A next hop of our own, plain text, that takes everything and records every DATA, also those that
/// were broken off.
public final class Sink implements NextHop {

    private static final String EHLO_REPLY =
            """
            250-sink.example.com\r
            250-PIPELINING\r
            250-SIZE 104857600\r
            250-8BITMIME\r
            250-ENHANCEDSTATUSCODES\r
            250 SMTPUTF8\r
            """;

    private final ServerSocket listener;
    private final UnaryOperator<Taken> beforeReply;
    private final int ownFields;
    private final List<Taken> taken = new CopyOnWriteArrayList<>();
    private final Set<Socket> sessions = ConcurrentHashMap.newKeySet();

    private Sink(int ownFields, UnaryOperator<Taken> beforeReply) throws IOException {
        this.listener = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
        this.ownFields = ownFields;
        this.beforeReply = beforeReply;
        Thread.ofVirtual().start(this::accept);
    }

    /// Starts a sink on a free port.
    public static Sink start() throws IOException {
        return new Sink(0, UnaryOperator.identity());
    }

    /// Starts a sink that first gives each DATA to the operator and answers when that is done: it
    /// may take its time. It returns what to record.
    public static Sink start(UnaryOperator<Taken> beforeReply) throws IOException {
        return new Sink(0, beforeReply);
    }

    /// Starts a sink behind a server that puts so many fields of its own first.
    static Sink behind(int ownFields) throws IOException {
        return new Sink(ownFields, UnaryOperator.identity());
    }

    /// Returns the port.
    public int port() {
        return listener.getLocalPort();
    }

    /// Returns every DATA so far, in the order in which they ended.
    public List<Taken> taken() {
        return List.copyOf(taken);
    }

    @Override
    public List<Arrival> arrivals() {
        return taken.stream().filter(Taken::whole).map(this::arrival).toList();
    }

    private Arrival arrival(Taken it) {
        HeaderSection content = HeaderSection.of(it.content());
        for (int i = 0; i < ownFields; i++) {
            content = content.withoutFirst("Received");
        }
        return new Arrival(it.sender(), Set.copyOf(it.recipients()), content);
    }

    @Override
    public String egress() {
        return "  - {name: sink, type: smtp, host: 127.0.0.1, port: %d, tls: none}\n"
                .formatted(port());
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                sessions.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException closed) {
            sessions.forEach(Sink::closeQuietly);
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            converse(new BufferedInputStream(socket.getInputStream(), 1 << 16), socket);
        } catch (IOException gone) {
            closeQuietly(socket);
        } finally {
            sessions.remove(socket);
        }
    }

    private void converse(InputStream in, Socket socket) throws IOException {
        OutputStream out = socket.getOutputStream();
        say(out, "220 sink.example.com ESMTP\r\n");
        String sender = "";
        List<String> recipients = new ArrayList<>();
        for (String line = line(in); line != null; line = line(in)) {
            String verb = line.split("[ :]", 2)[0].toUpperCase(Locale.ROOT);
            switch (verb) {
                case "EHLO" -> say(out, EHLO_REPLY);
                case "QUIT" -> {
                    say(out, "221 2.0.0 bye\r\n");
                    return;
                }
                case "DATA" -> {
                    say(out, "354 go on\r\n");
                    if (!take(ContentRecorder.read(in, sender, List.copyOf(recipients)))) {
                        return;
                    }
                    say(out, "250 2.0.0 taken\r\n");
                }
                case "MAIL" -> {
                    sender = path(line);
                    recipients.clear();
                    say(out, "250 2.1.0 ok\r\n");
                }
                case "RCPT" -> {
                    recipients.add(path(line));
                    say(out, "250 2.1.5 ok\r\n");
                }
                default -> say(out, "250 2.0.0 ok\r\n");
            }
        }
    }

    /// Records a DATA; returns whether its end came.
    private boolean take(Taken data) {
        taken.add(data.whole() ? beforeReply.apply(data) : data);
        return data.whole();
    }

    private static String path(String line) {
        return line.substring(line.indexOf('<') + 1, line.indexOf('>'));
    }

    private static void say(OutputStream out, String reply) throws IOException {
        out.write(reply.getBytes(ISO_8859_1));
        out.flush();
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
            if (octet == '\n') {
                return line.toString(ISO_8859_1).stripTrailing();
            }
            line.write(octet);
        }
        return null;
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException alreadyGone) {
            return;
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
        sessions.forEach(Sink::closeQuietly);
    }
}
