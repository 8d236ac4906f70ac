package dev.postern.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;

/// A plain SMTP client that does what it is told, a step at a time.
public final class SmtpClient implements AutoCloseable {

    private static final int TIME_OUT_MILLIS = 120_000;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    /// Connects to a port of loopback and reads the greeting.
    public SmtpClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIME_OUT_MILLIS);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
        out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
        String greeting = reply();
        if (!greeting.startsWith("220")) {
            throw new IOException("greeted with " + greeting);
        }
    }

    /// Says a line and returns the reply, its lines separated by LF.
    public String say(String line) throws IOException {
        write((line + "\r\n").getBytes(UTF_8));
        return reply();
    }

    /// Begins a transaction: everything up to the 354.
    ///
    /// @throws IOException when one of the commands is refused
    public void begin(String sender, List<String> recipients) throws IOException {
        expect("250", say("MAIL FROM:<" + sender + ">"));
        for (String recipient : recipients) {
            expect("250", say("RCPT TO:<" + recipient + ">"));
        }
        expect("354", say("DATA"));
    }

    /// Sends a message whose lines end in CRLF and don't begin with a dot; returns the reply.
    public String send(String sender, List<String> recipients, byte[] content) throws IOException {
        begin(sender, recipients);
        write(content);
        return end();
    }

    /// Writes bytes as they are and flushes.
    public void write(byte[] bytes) throws IOException {
        write(bytes, 0, bytes.length);
    }

    /// Writes some bytes as they are and flushes.
    public void write(byte[] bytes, int from, int length) throws IOException {
        out.write(bytes, from, length);
        out.flush();
    }

    /// Says the final dot and returns the reply.
    public String end() throws IOException {
        return say(".");
    }

    private static void expect(String code, String reply) throws IOException {
        if (!reply.startsWith(code)) {
            throw new IOException("instead of " + code + ": " + reply);
        }
    }

    private String reply() throws IOException {
        StringBuilder reply = new StringBuilder();
        String line = line();
        while (line.length() > 3 && line.charAt(3) == '-') {
            reply.append(line).append('\n');
            line = line();
        }
        return reply.append(line).toString();
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int octet = in.read(); octet != '\n'; octet = in.read()) {
            if (octet < 0) {
                throw new IOException("connection closed");
            }
            line.write(octet);
        }
        return line.toString(UTF_8).stripTrailing();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
