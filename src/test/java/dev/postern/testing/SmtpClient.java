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
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A plain SMTP client that does what it is told, a step at a time.
public final class SmtpClient implements AutoCloseable {

    private static final int TIME_OUT_MILLIS = 120_000;

    private static final Pattern QUEUED = Pattern.compile("^250 .*queued as (\\S+)");

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    /// Connects to a port of loopback and reads the greeting.
    public SmtpClient(int port) throws IOException {
        this(port, "127.0.0.1");
    }

    /// Connects from an address of this machine.
    public SmtpClient(int port, String from) throws IOException {
        socket =
                new Socket(
                        InetAddress.ofLiteral("127.0.0.1"), port, InetAddress.ofLiteral(from), 0);
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

    /// Begins a transaction; returns the reply to DATA, or the first refusal before it.
    public String begin(String sender, List<String> recipients) throws IOException {
        List<String> commands = new ArrayList<>();
        commands.add("MAIL FROM:<" + sender + ">");
        recipients.forEach(recipient -> commands.add("RCPT TO:<" + recipient + ">"));
        for (String command : commands) {
            String reply = say(command);
            if (!reply.startsWith("250")) {
                return reply;
            }
        }
        return say("DATA");
    }

    /// Sends a message whose lines end in CRLF and don't begin with a dot; returns the last reply.
    public String send(String sender, List<String> recipients, byte[] content) throws IOException {
        String reply = begin(sender, recipients);
        if (!reply.startsWith("354")) {
            return reply;
        }
        write(content);
        return end();
    }

    /// Sends a message and returns the queue id of the `250`.
    ///
    /// @throws AssertionError when it is refused
    public String submit(String sender, List<String> recipients, byte[] content)
            throws IOException {
        String reply = send(sender, recipients, content);
        Matcher queued = QUEUED.matcher(reply);
        if (!queued.find()) {
            throw new AssertionError("instead of a queue id: " + reply);
        }
        return queued.group(1);
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

    /// Returns the next reply, its lines separated by LF.
    public String reply() throws IOException {
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
