package dev.postern.egress.smtp;

import dev.postern.egress.smtp.SmtpCommands.Offers;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble.Context;
import dev.postern.smtp.ReplyCode;
import dev.postern.smtp.UpstreamReply;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/// One session with the next hop, opened, secured and logged in, with a buffer for what is said to
/// it. For one thread at a time. Every wait has a limit: see [NextHopSocket].
final class SmtpConnection {

    private static final int BUFFER_BYTES = 16 * 1024;
    private static final Duration QUIT_LIMIT = Duration.ofSeconds(2);
    private static final byte[] NOOP = "NOOP".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] QUIT = "QUIT".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CRLF = {'\r', '\n'};

    private final SubmissionTransport transport;
    private final NextHopSocket socket;
    private final OutputStream out;
    private final Context context;
    private final Offers offers;
    private final SmtpDialer.@Nullable Credentials credentials;
    private int messages;
    private boolean used;

    /// @param transport opened over `socket`
    /// @param context host and peer
    /// @param credentials those of the log-in; null without
    SmtpConnection(
            SubmissionTransport transport,
            NextHopSocket socket,
            Context context,
            SmtpDialer.@Nullable Credentials credentials)
            throws IOException {
        this.transport = transport;
        this.socket = socket;
        this.out = new BufferedOutputStream(socket.outermostOutput(), BUFFER_BYTES);
        this.context = context;
        this.offers = Offers.of(transport);
        this.credentials = credentials;
    }

    Offers offers() {
        return offers;
    }

    SmtpDialer.@Nullable Credentials credentials() {
        return credentials;
    }

    /// Returns the place, for words about trouble at `stage`.
    Context context(Stage stage) {
        return context.at(stage, socket.limit());
    }

    /// Returns how many messages went this way before.
    int messages() {
        return messages;
    }

    void countMessage() {
        messages++;
    }

    /// Returns whether it has been idle before, so that the server may have closed it meanwhile.
    boolean isUsed() {
        return used;
    }

    /// Returns whether it still works after a while of idleness, and notes that it had one.
    ///
    /// @param limit null: it is not asked
    boolean isAwake(@Nullable Duration limit) {
        used = true;
        if (limit == null) {
            return true;
        }
        try {
            allow(limit);
            command(NOOP);
            flush();
            return ReplyCode.OK.equals(readCode());
        } catch (IOException _) {
            // It was closed while idle, which is no trouble: a fresh one follows.
            return false;
        }
    }

    /// Says how long each write and each reply may take from now on.
    void allow(Duration time) throws IOException {
        socket.allow(time);
    }

    /// Puts a command in the buffer.
    void command(byte[] words) throws IOException {
        out.write(words);
        out.write(CRLF);
    }

    /// Returns the buffer for content; what does not fit goes out.
    OutputStream out() {
        return out;
    }

    /// Sends what is in the buffer.
    void flush() throws IOException {
        out.flush();
    }

    /// Reads a reply.
    ///
    /// @return its code, or null for what is no whole reply: see [#reply]
    @Nullable ReplyCode readCode() throws IOException {
        try {
            return transport.readCode();
        } catch (IOException e) {
            throw socket.named(e);
        }
    }

    /// Returns the reply that was read last.
    UpstreamReply reply() {
        return transport.lastReply();
    }

    /// Ends the session politely (RFC 5321 §4.1.1.10), then closes.
    void quit() {
        try {
            allow(QUIT_LIMIT);
            command(QUIT);
            flush();
            readCode();
        } catch (IOException _) {
            // Closing is all that is left to do, and follows.
        } finally {
            close();
        }
    }

    /// The same on a thread of its own, so that no message waits for the answer.
    void quitAside() {
        Thread.ofVirtual().name("smtp-quit").start(this::quit);
    }

    /// Closes at once.
    void close() {
        socket.closeQuietly();
    }

    /// Returns the connection for people: `smtp.example.org:587 [192.0.2.1] TLSv1.3`.
    String description() {
        SSLSocket tls = socket.secured();
        return context.peer()
                + (tls == null ? " in clear text" : " " + tls.getSession().getProtocol());
    }
}
