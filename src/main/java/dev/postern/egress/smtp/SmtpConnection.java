package dev.postern.egress.smtp;

import dev.postern.egress.smtp.SmtpCommands.Offers;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble.Context;
import dev.postern.smtp.UpstreamReply;
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
    private static final int OK = 250;
    private static final byte[] CRLF = {'\r', '\n'};

    private final SubmissionTransport transport;
    private final NextHopSocket socket;
    private final OutputStream out;
    private final Context context;
    private final Offers offers;
    private final SmtpDialer.@Nullable Credentials credentials;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int buffered;
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
        this.out = socket.outermost().getOutputStream();
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
            return readCode() == OK;
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
        write(words, 0, words.length);
        write(CRLF, 0, CRLF.length);
    }

    /// Puts octets in the buffer; what does not fit goes out.
    void write(byte[] octets, int offset, int count) throws IOException {
        int from = offset;
        int left = count;
        while (left > 0) {
            if (buffered == buffer.length) {
                flush();
            }
            int some = Math.min(left, buffer.length - buffered);
            System.arraycopy(octets, from, buffer, buffered, some);
            buffered += some;
            from += some;
            left -= some;
        }
    }

    /// Sends what is in the buffer.
    void flush() throws IOException {
        if (buffered > 0) {
            socket.beginWait();
            int count = buffered;
            buffered = 0;
            try {
                out.write(buffer, 0, count);
                out.flush();
            } catch (IOException e) {
                throw socket.named(e);
            } finally {
                socket.endWait();
            }
        }
    }

    /// Reads a reply.
    ///
    /// @return its code, or -1 for what is no whole reply: see [#reply]
    int readCode() throws IOException {
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
