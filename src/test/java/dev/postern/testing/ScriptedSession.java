package dev.postern.testing;

import dev.postern.testing.ScriptedServer.Act;
import dev.postern.testing.ScriptedServer.Received;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLSocket;

/// One connection of a [ScriptedServer].
final class ScriptedSession implements AutoCloseable {

    /// Longer content is kept as a digest only.
    private static final int KEPT_BYTES_MAX = 1 << 20;

    private static final String TAKEN = "250 2.0.0 Ok: queued as 4XyZ123abc";

    private final ScriptedServer server;
    private final Socket plain;
    private Socket socket;
    private InputStream in;
    private String mail = "";
    private List<String> rcpts = new ArrayList<>();
    private boolean over;

    ScriptedSession(ScriptedServer server, Socket socket) {
        this.server = server;
        this.plain = socket;
        this.socket = socket;
    }

    void run() throws IOException {
        if (server.isImplicitTls()) {
            secure();
        }
        in = ScriptedServer.buffered(socket);
        act("GREETING", "220 " + server.name() + " ESMTP");
        while (!over) {
            String line = line();
            server.heard(line);
            answer(line);
        }
    }

    private void secure() throws IOException {
        SSLSocket tls =
                (SSLSocket)
                        server.tls()
                                .getSocketFactory()
                                .createSocket(plain, "client", plain.getPort(), true);
        tls.setUseClientMode(false);
        tls.startHandshake();
        socket = tls;
        in = ScriptedServer.buffered(tls);
    }

    private void answer(String line) throws IOException {
        switch (line.toUpperCase(Locale.ROOT).split("[ :]", 2)[0]) {
            case "EHLO" -> act(line, ehlo());
            case "STARTTLS" -> {
                if (act(line, "220 2.0.0 go ahead")) {
                    secure();
                }
            }
            case "AUTH" -> auth(line);
            case "MAIL" -> {
                if (act(line, "250 2.1.0 Ok")) {
                    mail = line;
                    rcpts = new ArrayList<>();
                }
            }
            case "RCPT" -> {
                if (act(line, "250 2.1.5 Ok")) {
                    rcpts.add(line);
                }
            }
            case "DATA" -> {
                if (act(line, rcpts.isEmpty() ? "554 5.5.1 no recipients" : "354 go ahead")) {
                    content();
                }
            }
            case "QUIT" -> {
                act(line, "221 2.0.0 Bye");
                over = true;
            }
            default -> act(line, "250 2.0.0 Ok");
        }
    }

    private String ehlo() {
        List<String> lines = new ArrayList<>(List.of(server.name()));
        lines.addAll(server.offers(socket instanceof SSLSocket));
        StringBuilder reply = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            reply.append(i == 0 ? "" : "\n")
                    .append(i == lines.size() - 1 ? "250 " : "250-")
                    .append(lines.get(i));
        }
        return reply.toString();
    }

    private void auth(String line) throws IOException {
        if (line.equals("AUTH LOGIN")) {
            say("334 VXNlcm5hbWU6");
            server.heard(line());
            say("334 UGFzc3dvcmQ6");
            server.heard(line());
        }
        act(line, "235 2.7.0 Authentication successful");
    }

    /// Returns whether the answer was positive and the connection goes on.
    private boolean act(String verb, String usual) throws IOException {
        Act order = server.order(verb);
        switch (order == null ? new Act.Say(usual) : order) {
            case Act.Say(String reply) -> {
                say(reply);
                return reply.charAt(0) < '4';
            }
            case Act.SayAndClose(String reply) -> {
                say(reply);
                over = true;
            }
            case Act.Stall() -> stall();
            case Act.Dribble() -> dribble();
            case Act.Flood() -> flood();
            case Act.Hold(CountDownLatch until) -> {
                hold(until);
                say(usual);
                return true;
            }
            case Act.Close() -> over = true;
            case Act.Reset() -> {
                plain.setSoLinger(true, 0);
                plain.close();
                over = true;
            }
        }
        return false;
    }

    /// Waits until the test ends, without reading what is sent.
    private void stall() {
        server.noteStall();
        over = true;
        server.awaitEnd();
    }

    private static void hold(CountDownLatch until) throws IOException {
        try {
            until.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }

    private void dribble() throws IOException {
        while (server.pause()) {
            socket.getOutputStream().write('2');
        }
    }

    private void flood() throws IOException {
        byte[] endless = "250-and so on\r\n".repeat(1000).getBytes(StandardCharsets.US_ASCII);
        while (!over) {
            socket.getOutputStream().write(endless);
        }
    }

    private void content() throws IOException {
        Act order = server.order("CONTENT");
        if (order != null) {
            in.readNBytes(10);
            switch (order) {
                case Act.Stall() -> stall();
                case Act.Reset() -> {
                    plain.setSoLinger(true, 0);
                    plain.close();
                }
                case Act.SayAndClose(String reply) -> say(reply);
                case Act.Say(String reply) -> say(reply);
                case Act.Close() -> plain.close();
                case Act.Dribble() -> dribble();
                case Act.Flood() -> flood();
                case Act.Hold(CountDownLatch until) -> hold(until);
            }
            over = true;
            return;
        }
        Received received = receive();
        if (server.hasOrder(".")) {
            act(".", TAKEN);
        } else {
            server.received(received);
            say(TAKEN);
        }
    }

    /// Reads content up to its end and takes the stuffed dots away again.
    private Received receive() throws IOException {
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        MessageDigest digest = sha256();
        long size = 0;
        while (true) {
            byte[] line = rawLine();
            if (line.length == 3 && line[0] == '.') {
                break;
            }
            int from = line[0] == '.' ? 1 : 0;
            size += line.length - from;
            digest.update(line, from, line.length - from);
            if (size <= KEPT_BYTES_MAX) {
                kept.write(line, from, line.length - from);
            }
        }
        String content = size <= KEPT_BYTES_MAX ? kept.toString(StandardCharsets.ISO_8859_1) : "";
        String hex = HexFormat.of().formatHex(digest.digest());
        return new Received(mail, List.copyOf(rcpts), content, size, hex);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Reads up to and with CRLF; a bare LF or CR does not end a line.
    private byte[] rawLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(128);
        int previous = 0;
        int octet = in.read();
        while (octet >= 0) {
            line.write(octet);
            if (octet == '\n' && previous == '\r') {
                return line.toByteArray();
            }
            previous = octet;
            octet = in.read();
        }
        throw new EOFException();
    }

    private String line() throws IOException {
        byte[] line = rawLine();
        return new String(line, 0, line.length - 2, StandardCharsets.UTF_8);
    }

    private void say(String reply) throws IOException {
        socket.getOutputStream()
                .write((reply.replace("\n", "\r\n") + "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() throws IOException {
        socket.close();
        plain.close();
    }
}
