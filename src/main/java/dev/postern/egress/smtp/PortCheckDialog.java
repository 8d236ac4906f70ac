package dev.postern.egress.smtp;

import dev.postern.egress.WitnessTrust;
import dev.postern.egress.smtp.PortCheck.TlsSeen;
import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.Extension;
import dev.postern.smtp.ReplyCode;
import dev.postern.smtp.UpstreamReply;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/// The conversation of one [PortChecker]: for one thread, once.
final class PortCheckDialog {

    /// The shortest last line of a reply: three digits.
    private static final int CODE_CHARS = 3;

    /// What servers say that know HELO only, or want nothing but HELO (RFC 5321 §3.2, §4.1.4).
    private static final Set<Integer> NO_EHLO = Set.of(500, 501, 502, 504, 550, 554);

    /// What servers say to a command that they do not know or have (RFC 5321 §4.2.4).
    private static final Set<Integer> UNKNOWN_COMMAND = Set.of(500, 502);

    private final InetSocketAddress address;
    private final TlsStart opening;
    private final TlsSockets tlsSockets;
    private final String tlsName;
    private final String ehloName;
    private final Duration connectLimit;
    private final Duration dialogLimit;
    private final NextHopSocket socket = new NextHopSocket(false);
    private final Map<Stage, Duration> took = new EnumMap<>(Stage.class);
    private Stage stage = Stage.CONNECT;
    private long stageBeganNanos = System.nanoTime();
    private InputStream in = InputStream.nullInputStream();
    private @Nullable UpstreamReply greeting;
    private @Nullable UpstreamReply ehlo;
    private @Nullable TlsSeen tls;

    PortCheckDialog(
            InetSocketAddress address,
            TlsStart opening,
            TlsSockets tlsSockets,
            String tlsName,
            String ehloName,
            Duration connectLimit,
            Duration dialogLimit) {
        this.address = address;
        this.opening = opening;
        this.tlsSockets = tlsSockets;
        this.tlsName = tlsName;
        this.ehloName = ehloName;
        this.connectLimit = connectLimit;
        this.dialogLimit = dialogLimit;
    }

    PortCheck run() {
        Verdict trouble;
        try {
            trouble = converse();
        } catch (IOException e) {
            trouble =
                    Thread.currentThread().isInterrupted()
                            ? Trouble.ofFinding(context(), Symptom.BROKEN_OFF, "interrupted")
                            : Trouble.ofFailure(context(), e);
        } finally {
            socket.closeQuietly();
        }
        Stage last = stage;
        enter(stage);
        return new PortCheck(address, opening, last, trouble, greeting, ehlo, tls, took);
    }

    private Context context() {
        Duration limit = stage == Stage.CONNECT ? connectLimit : dialogLimit;
        return Context.ofSmtp(stage, tlsName, PortChecker.peer(address), limit);
    }

    private void enter(Stage next) {
        long now = System.nanoTime();
        took.merge(stage, Duration.ofNanos(now - stageBeganNanos), Duration::plus);
        stage = next;
        stageBeganNanos = now;
    }

    /// @return why it went no further; null when it came all the way
    private @Nullable Verdict converse() throws IOException {
        socket.setTcpNoDelay(true);
        socket.connect(address, Math.clamp(connectLimit.toMillis(), 1, Integer.MAX_VALUE));
        socket.endWithin(dialogLimit);
        if (opening == TlsStart.IMPLICIT_TLS) {
            secure();
        }
        enter(Stage.GREETING);
        in = new BufferedInputStream(socket.outermost().getInputStream());
        UpstreamReply first = reply();
        greeting = first;
        if (!is(first, ReplyCode.READY)) {
            return Trouble.ofReply(context(), first);
        }
        Verdict refusal = introduce();
        if (refusal == null && mayUpgrade()) {
            refusal = upgrade();
        }
        if (refusal == null) {
            enter(Stage.AUTH);
            say("QUIT");
        }
        return refusal;
    }

    private boolean mayUpgrade() {
        return switch (opening) {
            case STARTTLS -> true;
            case STARTTLS_IF_OFFERED -> offersStartTls();
            case IMPLICIT_TLS, CLEAR_TEXT -> false;
        };
    }

    private boolean offersStartTls() {
        return ehlo instanceof UpstreamReply.Answered answered
                && answered.lines().stream()
                        .skip(1)
                        .anyMatch(
                                line -> Extension.offered(line).orElse(null) == Extension.STARTTLS);
    }

    /// Says EHLO, and HELO to a server that knows no better.
    private @Nullable Verdict introduce() throws IOException {
        enter(Stage.EHLO);
        UpstreamReply answer = ask("EHLO " + ehloName);
        if (wantsHelo(answer)) {
            // Behind STARTTLS there was an EHLO before.
            if (opening == TlsStart.STARTTLS || (tls != null && opening != TlsStart.IMPLICIT_TLS)) {
                ehlo = answer;
                return ehloNeeded(context(), answer);
            }
            answer = ask("HELO " + ehloName);
        }
        ehlo = answer;
        return is(answer, ReplyCode.OK) ? null : Trouble.ofReply(context(), answer);
    }

    /// Returns whether a server that answers EHLO so may yet take HELO.
    static boolean wantsHelo(UpstreamReply answer) {
        return answer instanceof UpstreamReply.Answered answered
                && NO_EHLO.contains(answered.code().value());
    }

    /// Judges a server that refuses EHLO where its offers are needed: one that does not know the
    /// command is told of as such, any other says itself what it refuses.
    static Verdict ehloNeeded(Context context, UpstreamReply answer) {
        return answer instanceof UpstreamReply.Answered answered
                        && UNKNOWN_COMMAND.contains(answered.code().value())
                ? Trouble.ofFinding(context, Symptom.EHLO_NEEDED, answer.oneLine())
                : Trouble.ofReply(context, answer);
    }

    private @Nullable Verdict upgrade() throws IOException {
        enter(Stage.STARTTLS);
        if (!offersStartTls()) {
            return Trouble.ofFinding(context(), Symptom.TLS_NOT_OFFERED);
        }
        UpstreamReply answer = ask("STARTTLS");
        if (!is(answer, ReplyCode.READY)) {
            return Trouble.ofReply(context(), answer);
        }
        secure();
        // What came in the clear behind the reply is forgotten with the old buffer, and what was
        // offered in the clear does not count (RFC 3207 §4.2).
        in = new BufferedInputStream(socket.outermost().getInputStream());
        ehlo = null;
        return introduce();
    }

    private void secure() throws IOException {
        enter(Stage.TLS);
        WitnessTrust witness = tlsSockets.witness(socket);
        SSLSocket secured = socket.secured();
        if (secured == null) {
            throw new AssertionError("TLS was laid");
        }
        CertificateException objection = witness.objection();
        Verdict distrust =
                objection == null ? null : Trouble.ofFailure(context(), refusal(objection));
        tls = new TlsSeen(secured.getSession().getProtocol(), List.of(witness.chain()), distrust);
    }

    /// Returns the exception that a handshake which verifies would have ended with.
    private static IOException refusal(CertificateException objection) {
        IOException refused = new SSLHandshakeException(objection.getMessage());
        refused.initCause(objection);
        return refused;
    }

    private UpstreamReply ask(String command) throws IOException {
        say(command);
        return reply();
    }

    private void say(String command) throws IOException {
        byte[] line = (command + "\r\n").getBytes(StandardCharsets.UTF_8);
        socket.outermost().getOutputStream().write(line);
        socket.outermost().getOutputStream().flush();
    }

    private UpstreamReply reply() throws IOException {
        socket.beginWait();
        StringBuilder said = new StringBuilder();
        String line;
        do {
            line = line();
            said.append(line);
        } while (isContinued(line));
        return UpstreamReply.parse(said.toString());
    }

    private static boolean isContinued(String line) {
        return line.length() > CODE_CHARS && line.charAt(CODE_CHARS) == '-' && line.endsWith("\n");
    }

    /// Returns a line with its end; without one, or empty, where the connection ended.
    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
            line.write(octet);
            if (octet == '\n') {
                break;
            }
        }
        return UpstreamReply.decode(line.toByteArray());
    }

    private static boolean is(UpstreamReply reply, ReplyCode wanted) {
        return reply instanceof UpstreamReply.Answered answered && answered.code().equals(wanted);
    }
}
