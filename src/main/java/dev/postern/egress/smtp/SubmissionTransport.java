package dev.postern.egress.smtp;

import dev.postern.outcome.Stage;
import dev.postern.outcome.Verdict;
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
/// What it does otherwise and we don't want: `AUTH` is skipped without a word when the server
/// offers none (the [Dialer] looks before); a second EHLO that fails is ignored, so that the
/// extensions offered in clear text would count inside TLS; the user name is sent as authorization
/// identity as well.
final class SubmissionTransport extends SMTPTransport {

    private final NextHopSocket socket;
    private final @Nullable Credentials credentials;
    private Stage stage = Stage.GREETING;
    private @Nullable UpstreamReply greeting;
    private @Nullable UpstreamReply ehlo;

    /// @param socket connected
    /// @param credentials null: no log-in
    SubmissionTransport(
            Session session,
            String ehloName,
            NextHopSocket socket,
            @Nullable Credentials credentials) {
        super(session, new URLName("smtp", null, -1, null, null, null));
        this.socket = socket;
        this.credentials = credentials;
        setLocalHost(ehloName);
        setAuthorizationID("");
    }

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
        if (!understood && !isCommandUnknown()) {
            throw new MessagingException("EHLO refused");
        }
        if (understood) {
            stage = Stage.AUTH;
        }
        return understood;
    }

    /// Old servers that know HELO only answer so (RFC 5321 §3.2).
    private boolean isCommandUnknown() {
        int code = getLastReturnCode();
        return code == 500 || code == 502;
    }

    @Override
    protected synchronized void startTLS() throws MessagingException {
        stage = Stage.STARTTLS;
        super.startTLS();
    }

    /// All replies come through here, those that Jakarta Mail waits for as well.
    @Override
    protected synchronized int readServerResponse() throws MessagingException {
        socket.beginWait();
        try {
            int code = super.readServerResponse();
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
            // Jakarta Mail believes the first line of a reply.
            readServerResponse();
            return lastReply() instanceof UpstreamReply.Answered answered
                    ? answered.code().value()
                    : NO_CODE;
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

    /// Returns the last reply.
    UpstreamReply lastReply() {
        return UpstreamReply.parse(getLastServerResponse());
    }
}
