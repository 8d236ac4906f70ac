package dev.postern.egress.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.outcome.Stage;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.ReplyCode;
import dev.postern.smtp.UpstreamReply;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import java.io.IOException;
import java.util.List;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.jspecify.annotations.Nullable;

/// Jakarta Mail's SMTP session, opened over a socket of ours and then used for its replies only.
///
/// What it does otherwise and we don't want: it believes the first line of a reply whatever the
/// others say, and takes the octets for Latin-1; `AUTH` is skipped without a word when the server
/// offers none (the [SmtpDialer] looks before); a second EHLO that fails is ignored, so that the
/// extensions offered in clear text would count inside TLS; the user name is sent as authorization
/// identity as well.
final class SubmissionTransport extends SMTPTransport {

    private final NextHopSocket socket;
    private final SmtpDialer.@Nullable Credentials credentials;
    private Stage stage = Stage.GREETING;
    private @Nullable UpstreamReply greeting;
    private @Nullable UpstreamReply ehlo;
    private boolean upgraded;

    /// @param socket connected
    /// @param credentials null: no log-in
    SubmissionTransport(
            Session session,
            String ehloName,
            NextHopSocket socket,
            SmtpDialer.@Nullable Credentials credentials) {
        super(session, new URLName("smtp", null, -1, null, null, null));
        this.socket = socket;
        this.credentials = credentials;
        setLocalHost(ehloName);
        setAuthorizationID("");
    }

    /// What is thrown when the server refuses EHLO, which is needed.
    static final String EHLO_NEEDED = "EHLO is needed";

    private static final int NO_CODE = -1;

    /// The least code of 4yz and 5yz.
    private static final int FIRST_REFUSAL = 400;

    /// Returns how far the opening of the session has come.
    synchronized Stage stage() {
        return stage;
    }

    /// Reads the greeting, says EHLO, changes to TLS if asked to, logs in.
    synchronized void open() throws MessagingException {
        connect(socket.outermost());
    }

    @Override
    protected synchronized boolean protocolConnect(
            @Nullable String host, int port, @Nullable String user, @Nullable String password)
            throws MessagingException {
        return credentials == null
                ? super.protocolConnect(host, port, null, null)
                : super.protocolConnect(host, port, credentials.username(), credentials.password());
    }

    @Override
    protected synchronized boolean ehlo(String domain) throws MessagingException {
        stage = Stage.EHLO;
        boolean understood = super.ehlo(domain);
        if (understood) {
            stage = Stage.AUTH;
        } else if (!PortCheckDialog.wantsHelo(lastReply())) {
            throw new MessagingException("EHLO refused");
        } else if (needsEhlo()) {
            throw new MessagingException(EHLO_NEEDED);
        }
        return understood;
    }

    /// Neither STARTTLS nor AUTH is offered to who says HELO; and behind STARTTLS there was an EHLO
    /// before, whose offers must not count any more (RFC 3207 §4.2).
    private boolean needsEhlo() {
        boolean secured = socket.secured() != null;
        return credentials != null || (secured ? upgraded : socket.mustVerify());
    }

    @Override
    protected synchronized void startTLS() throws MessagingException {
        stage = Stage.STARTTLS;
        upgraded = true;
        super.startTLS();
    }

    /// All replies come through here, those that Jakarta Mail waits for as well.
    @Override
    protected synchronized int readServerResponse() throws MessagingException {
        socket.beginWait();
        try {
            super.readServerResponse();
            int code = code();
            if (stage == Stage.GREETING) {
                greeting = lastReply();
            } else if (stage == Stage.EHLO) {
                ehlo = lastReply();
            }
            if (stage == Stage.AUTH && code >= FIRST_REFUSAL) {
                socket.closeSoon();
            }
            return code;
        } finally {
            socket.endWait();
        }
    }

    /// Reads a reply.
    ///
    /// @return its code; -1 when the connection ended or this is no reply: see [#lastReply]
    /// @throws IOException when nothing came in time or the connection broke
    synchronized int readCode() throws IOException {
        try {
            return readServerResponse();
        } catch (MessagingException e) {
            throw e.getCause() instanceof IOException broken ? broken : new IOException(e);
        }
    }

    /// Returns the names that the server gave itself so far.
    ///
    /// @param certificateNames those of its certificate
    synchronized Answer answer(List<String> certificateNames, @Nullable Verdict distrust) {
        return new Answer(greeting, ehlo, certificateNames, distrust);
    }

    /// Returns whether the last reply says that the server is ready for TLS.
    boolean isReady() {
        return code() == ReplyCode.READY.value();
    }

    private int code() {
        return lastReply() instanceof UpstreamReply.Answered answered
                ? answered.code().value()
                : NO_CODE;
    }

    /// Returns the last reply.
    UpstreamReply lastReply() {
        String octets = getLastServerResponse();
        return UpstreamReply.parse(
                octets == null ? null : UpstreamReply.decode(octets.getBytes(ISO_8859_1)));
    }
}
