package dev.postern.egress.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.egress.net.TlsTrust;
import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.egress.smtp.PortChecker.TryLimits;
import dev.postern.egress.smtp.SmtpDialer.Credentials;
import dev.postern.mail.ALabels;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.ReplyCode;
import dev.postern.smtp.UpstreamReply;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.URLName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.jspecify.annotations.Nullable;

/// Jakarta Mail's SMTP session, opened over a socket of ours and then used for its replies only.
/// Nobody else here knows Jakarta Mail; what its exceptions say was read in version 2.0.5.
///
/// What it does otherwise and we don't want: it believes the first line of a reply whatever the
/// others say, and takes the octets for Latin-1; `AUTH` is skipped without a word when the server
/// offers none (the [SmtpDialer] looks before); a second EHLO that fails is ignored, so that the
/// extensions offered in clear text would count inside TLS; the user name is sent as authorization
/// identity as well.
final class SubmissionTransport extends SMTPTransport {

    private static final String EHLO_NEEDED = "EHLO is needed";
    private static final int NO_CODE = -1;

    /// What servers say that know HELO only, or want nothing but HELO (RFC 5321 §3.2, §4.1.4).
    private static final Set<ReplyCode> NO_EHLO =
            Set.of(
                    ReplyCode.SYNTAX_ERROR,
                    ReplyCode.ARGUMENT_ERROR,
                    ReplyCode.NOT_IMPLEMENTED,
                    ReplyCode.PARAMETER_NOT_IMPLEMENTED,
                    ReplyCode.REFUSED,
                    ReplyCode.FAILED);

    /// What servers say to a command that they do not know or have (RFC 5321 §4.2.4).
    private static final Set<ReplyCode> UNKNOWN_COMMAND =
            Set.of(ReplyCode.SYNTAX_ERROR, ReplyCode.NOT_IMPLEMENTED);

    private final Server server;
    private final NextHopSocket socket;
    private final @Nullable Credentials credentials;
    private final Map<Stage, Duration> took = new EnumMap<>(Stage.class);
    private Duration talking = Duration.ZERO;
    private Context context;
    private long stageBeganNanos = System.nanoTime();
    private @Nullable UpstreamReply greeting;
    private @Nullable UpstreamReply ehlo;
    private @Nullable UpstreamReply parsed;
    private boolean upgraded;
    private boolean opened;

    /// Creates a session that is to be opened.
    ///
    /// @param credentials null: no log-in
    SubmissionTransport(Server server, NextHopSocket socket, @Nullable Credentials credentials) {
        super(server.session(), new URLName("smtp", null, -1, null, null, null));
        this.server = server;
        this.context = server.context(Stage.CONNECT, server.tlsName, Duration.ZERO);
        this.socket = socket;
        this.credentials = credentials;
        setLocalHost(server.ehloName);
        setAuthorizationID("");
        if (socket.isLooking() && credentials != null) {
            throw new AssertionError("who only looks takes any certificate, and does not log in");
        }
    }

    /// A server, and how sessions with it are opened. Thread-safe.
    static final class Server {

        /// Where Jakarta Mail logs what is said to the server: under its own name, and under the
        /// package of whoever extends its classes, which is this one. Our own lines go elsewhere
        /// (see [SmtpEgress]). Held, because loggers that nobody holds forget their level.
        private static final List<Logger> JAKARTA_MAIL =
                List.of(
                        Logger.getLogger("org.eclipse.angus.mail"),
                        Logger.getLogger("jakarta.mail"),
                        Logger.getLogger(SubmissionTransport.class.getPackageName()));

        static {
            JAKARTA_MAIL.forEach(logger -> logger.setLevel(Level.OFF));
        }

        private final String tlsName;
        private final String ehloName;
        private final TlsSockets tls;
        private @Nullable Session session;

        /// @param tlsName the name that its certificate must be for
        /// @param ehloName what we call ourselves
        Server(String tlsName, TlsTrust trust, String ehloName) {
            this.tlsName = tlsName;
            this.ehloName = ehloName;
            this.tls = new TlsSockets(trust, tlsName);
        }

        /// Made when first needed, and without a look for providers in every library: ours is
        /// known.
        private synchronized Session session() {
            Session made = session;
            if (made == null) {
                Properties properties = new Properties();
                properties.put("mail.smtp.ssl.socketFactory", tls);
                properties.put("mail.smtp.ssl.protocols", String.join(" ", TlsSockets.PROTOCOLS));
                properties.put(
                        "mail.smtp.auth.mechanisms", String.join(" ", ServerCheck.MECHANISMS));
                Thread caller = Thread.currentThread();
                ClassLoader loader = caller.getContextClassLoader();
                caller.setContextClassLoader(ClassLoader.getPlatformClassLoader());
                try {
                    made = Session.getInstance(properties);
                } finally {
                    caller.setContextClassLoader(loader);
                }
                session = made;
            }
            return made;
        }

        /// Returns a place in a conversation with it, for words about trouble.
        Context context(Stage stage, String peer, Duration limit) {
            return Context.ofSmtp(stage, tlsName, peer, limit);
        }
    }

    /// Why the opening of a session went no further.
    ///
    /// @param verdict what it was, in the words of the trouble table
    /// @param broken the exception of the network; null when the server said no
    record Refusal(Verdict verdict, @Nullable IOException broken) {}

    /// Returns how far the opening of the session has come.
    synchronized Context context() {
        return context;
    }

    /// Returns how long each stage took until now.
    synchronized Map<Stage, Duration> took() {
        enter(context.stage());
        if (!opened) {
            // Offers in clear text end the EHLO, but are not the log-in's turn yet.
            took.remove(Stage.AUTH);
        }
        return took;
    }

    private void enter(Stage next) {
        long now = System.nanoTime();
        took.merge(context.stage(), Duration.ofNanos(now - stageBeganNanos), Duration::plus);
        context = context.at(next, next == Stage.CONNECT ? context.limit() : talking);
        stageBeganNanos = now;
    }

    /// Opens the session: TCP, TLS, greeting, EHLO, STARTTLS and log-in, as far as each is wanted.
    /// One that only looks says QUIT after that.
    ///
    /// @return null when it came all the way
    synchronized @Nullable Refusal open(
            InetSocketAddress address, TlsStart opening, TryLimits limits) {
        context = server.context(Stage.CONNECT, PortChecker.peer(address), limits.connecting());
        talking = limits.talking();
        setStartTLS(opening == TlsStart.STARTTLS || opening == TlsStart.STARTTLS_IF_OFFERED);
        setRequireStartTLS(socket.mustVerify() || opening == TlsStart.STARTTLS);
        try {
            socket.connectTo(address, limits);
            if (opening == TlsStart.IMPLICIT_TLS) {
                enter(Stage.TLS);
                server.tls.secure(socket);
            }
            enter(Stage.GREETING);
            connect(socket.outermost());
            enter(Stage.AUTH);
            opened = true;
            if (socket.isLooking()) {
                sendCommand("QUIT");
            }
            return null;
        } catch (IOException | MessagingException e) {
            return refusal(e);
        }
    }

    /// Jakarta Mail's exceptions say little; the stage, the network's exception inside, and the
    /// last reply say what happened.
    private Refusal refusal(Exception e) {
        String message = String.valueOf(e.getMessage());
        boolean notOffered = message.startsWith("STARTTLS is required");
        if (notOffered) {
            enter(Stage.STARTTLS);
        }
        IOException broken = broken(e);
        Verdict verdict;
        if (broken != null) {
            verdict = Trouble.ofFailure(context, socket.named(broken));
        } else if (notOffered) {
            verdict = Trouble.ofFinding(context, Symptom.TLS_NOT_OFFERED);
        } else if (message.equals(EHLO_NEEDED) && isOneOf(UNKNOWN_COMMAND)) {
            verdict = Trouble.ofFinding(context, Symptom.EHLO_NEEDED, lastReply().oneLine());
        } else if (message.startsWith("No authentication mechanisms")) {
            String offered = String.join(" ", answer(List.of(), null).mechanisms());
            verdict = Trouble.ofFinding(context, Symptom.AUTH_NO_MECHANISM, offered);
        } else {
            verdict = Trouble.ofReply(context, lastReply());
        }
        return new Refusal(verdict, broken);
    }

    private static @Nullable IOException broken(Throwable e) {
        for (Throwable at = e; at != null; at = at.getCause()) {
            if (at instanceof IOException broken) {
                return broken;
            }
        }
        return null;
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
        enter(Stage.EHLO);
        if (upgraded && socket.isLooking()) {
            ehlo = null;
        }
        boolean understood = super.ehlo(domain);
        if (understood) {
            enter(Stage.AUTH);
        } else if (!isOneOf(NO_EHLO)) {
            throw ended("EHLO refused");
        } else if (needsEhlo()) {
            throw ended(EHLO_NEEDED);
        }
        return understood;
    }

    /// Neither STARTTLS nor AUTH is offered to who says HELO; and behind STARTTLS there was an EHLO
    /// before, whose offers must not count any more (RFC 3207 §4.2).
    private boolean needsEhlo() {
        boolean secured = socket.secured() != null;
        return credentials != null || (secured ? upgraded : getRequireStartTLS());
    }

    private boolean isOneOf(Set<ReplyCode> codes) {
        ReplyCode code = code();
        return code != null && codes.contains(code);
    }

    private MessagingException ended(String why) {
        closeSoonWhenLooking();
        return new MessagingException(why);
    }

    @Override
    protected synchronized void helo(String domain) throws MessagingException {
        try {
            super.helo(domain);
        } catch (MessagingException e) {
            closeSoonWhenLooking();
            throw e;
        }
    }

    /// Who only looks waits for nothing more.
    private void closeSoonWhenLooking() {
        if (socket.isLooking()) {
            socket.closeSoon();
        }
    }

    @Override
    protected synchronized void startTLS() throws MessagingException {
        enter(Stage.STARTTLS);
        upgraded = true;
        super.startTLS();
    }

    /// All replies come through here, those that Jakarta Mail waits for as well.
    @Override
    protected synchronized int readServerResponse() throws MessagingException {
        socket.beginWait();
        parsed = null;
        try {
            super.readServerResponse();
            ReplyCode code = code();
            if (context.stage() == Stage.GREETING) {
                greeting = lastReply();
                if (!ReplyCode.READY.equals(code)) {
                    closeSoonWhenLooking();
                }
            } else if (context.stage() == Stage.EHLO) {
                ehlo = lastReply();
            } else if (context.stage() == Stage.STARTTLS && ReplyCode.READY.equals(code)) {
                enter(Stage.TLS);
            } else if (context.stage() == Stage.AUTH && !opened && isRefusal(code)) {
                socket.closeSoon();
            }
            return code == null ? NO_CODE : code.value();
        } finally {
            socket.endWait();
        }
    }

    /// Reads a reply.
    ///
    /// @return its code; null when the connection ended or this is no reply: see [#lastReply]
    /// @throws IOException when nothing came in time or the connection broke
    synchronized @Nullable ReplyCode readCode() throws IOException {
        try {
            int code = readServerResponse();
            return code == NO_CODE ? null : new ReplyCode(code);
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

    private @Nullable ReplyCode code() {
        return lastReply() instanceof UpstreamReply.Answered answered ? answered.code() : null;
    }

    /// Returns whether a code says no (4yz, 5yz).
    static boolean isRefusal(@Nullable ReplyCode code) {
        return code != null && (code.isTransient() || code.isPermanent());
    }

    /// Returns the last reply.
    synchronized UpstreamReply lastReply() {
        UpstreamReply last = parsed;
        if (last == null) {
            String octets = getLastServerResponse();
            last =
                    UpstreamReply.parse(
                            octets == null
                                    ? null
                                    : UpstreamReply.decode(octets.getBytes(ISO_8859_1)));
            parsed = last;
        }
        return last;
    }

    /// Lays TLS over sockets that are connected: at once for implicit TLS, and for Jakarta Mail's
    /// STARTTLS, which asks its socket factory for it. The name to verify is the configured one,
    /// whatever Jakarta Mail says.
    static final class TlsSockets extends SSLSocketFactory {

        /// TLS 1.0 and 1.1 are out of use (RFC 8996).
        static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

        /// Checks the server's name as RFC 9525 says; Jakarta Mail uses the same.
        private static final String IDENTIFICATION = "LDAPS";

        private static final Pattern HOST_NAME = Pattern.compile("[A-Za-z0-9.-]+");

        private static final Pattern IP_LITERAL = Pattern.compile("[0-9.]+|.*:.*");

        private final TlsTrust trust;
        private final String name;

        /// @param trust whom to believe
        /// @param name the name that certificates must be for
        TlsSockets(TlsTrust trust, String name) {
            this.trust = trust;
            this.name = name;
        }

        /// Lays TLS over `socket` and shakes hands.
        void secure(NextHopSocket socket) throws IOException {
            lay(socket).startHandshake();
        }

        @Override
        public Socket createSocket(Socket socket, String host, int port, boolean autoClose)
                throws IOException {
            if (socket instanceof NextHopSocket nextHop) {
                return lay(nextHop);
            }
            throw new AssertionError("Jakarta Mail was given a socket of ours");
        }

        private SSLSocket lay(NextHopSocket socket) throws IOException {
            SSLSocketFactory factory = socket.context(trust).getSocketFactory();
            SSLSocket tls = (SSLSocket) factory.createSocket(socket, name, socket.getPort(), true);
            tls.setEnabledProtocols(PROTOCOLS);
            SSLParameters parameters = tls.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm(IDENTIFICATION);
            String host = ALabels.domain(name).orElse(name);
            // Names with an underscore, as container networks have them, can't be said in SNI
            // (RFC 6066 §3).
            if (!IP_LITERAL.matcher(name).matches() && HOST_NAME.matcher(host).matches()) {
                parameters.setServerNames(List.of(new SNIHostName(host)));
            }
            tls.setSSLParameters(parameters);
            socket.secureWith(tls);
            return tls;
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return new String[0];
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return new String[0];
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            throw unconnected();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort)
                throws IOException {
            throw unconnected();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            throw unconnected();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
                throws IOException {
            throw unconnected();
        }

        private static IOException unconnected() {
            return new IOException("TLS is laid over connected sockets only");
        }
    }
}
