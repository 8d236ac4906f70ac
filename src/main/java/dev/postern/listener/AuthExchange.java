package dev.postern.listener;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.config.SmtpConfig.User;
import dev.postern.listener.Protocol.SessionState;
import dev.postern.listener.SessionContext.Link;
import dev.postern.smtp.Command;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import dev.postern.smtp.Sasl;
import dev.postern.smtp.Sasl.UserPassword;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// AUTH (RFC 4954 §4): the responses of a session's client in, what to do next out. It knows who
/// the client has proved to be, and how often it failed to. The answer to a failure waits, by what
/// [dev.postern.smtp.FailureThrottle] says; right credentials never do.
final class AuthExchange {

    /// Failed log-ins of one session; the last of them ends it.
    static final int FAILURES_AT_MOST = 3;

    private static final Logger log = LoggerFactory.getLogger(AuthExchange.class);

    private final SessionContext context;
    private final Link link;
    private Awaited awaited = Awaited.PLAIN;

    /// The name that LOGIN gave, until its password comes.
    private String username = "";

    private int failures;
    private @Nullable String user;

    AuthExchange(SessionContext context, Link link) {
        this.context = context;
        this.link = link;
    }

    /// What to do next.
    sealed interface AuthStep {

        /// Send a reply: a challenge, which the next line answers, or the last one.
        record Answer(Reply reply, SessionState next) implements AuthStep {}

        /// See whether these are right.
        record Check(UserPassword credentials) implements AuthStep {}

        /// The exchange is over, and its answer is to wait.
        record Failed(Reply reply, Duration delay) implements AuthStep {}
    }

    /// What the next response is.
    private enum Awaited {
        PLAIN(Sasl.EMPTY_CHALLENGE),
        LOGIN_USERNAME(Sasl.LOGIN_USERNAME),
        LOGIN_PASSWORD(Sasl.LOGIN_PASSWORD);

        private final Reply challenge;

        Awaited(Reply challenge) {
            this.challenge = challenge;
        }
    }

    /// Returns who logged in; null when nobody did.
    @Nullable String user() {
        return user;
    }

    /// Returns what names take of the heap.
    long heldBytes() {
        int known = user == null ? 0 : user.length();
        return (long) Character.BYTES * (username.length() + known);
    }

    boolean isDone() {
        return user != null;
    }

    /// Forgets who logged in (RFC 3207 §4.2). Failures stay counted.
    void forget() {
        user = null;
    }

    /// Returns why the client can't log in now; null when it can (RFC 4954 §4, §6).
    @Nullable Reply refusal(boolean secure) {
        if (isDone()) {
            return Replies.badSequence("Logged in already");
        }
        if (context.admission().authOffered(link, secure)) {
            return null;
        }
        return context.admission().authAfterTls(link, secure)
                ? Replies.AUTH_NEEDS_TLS
                : Replies.badSequence("AUTH is not offered");
    }

    /// Begins an exchange.
    AuthStep begin(Command.Auth command) {
        switch (command.mechanism()) {
            case Sasl.PLAIN -> awaited = Awaited.PLAIN;
            case Sasl.LOGIN -> awaited = Awaited.LOGIN_USERNAME;
            default -> {
                return over(Replies.AUTH_MECHANISM_UNKNOWN);
            }
        }
        username = "";
        String initial = command.initialResponse();
        if (initial == null) {
            return challenge();
        }
        // RFC 4954 §4: a response of no octets.
        return respond(initial.equals("=") ? "" : initial);
    }

    private AuthStep challenge() {
        return new AuthStep.Answer(awaited.challenge, SessionState.CHALLENGED);
    }

    /// Goes on with the line that answers a challenge.
    AuthStep answer(byte[] line) {
        String text = new String(line, ISO_8859_1).stripTrailing();
        return text.equals("*") ? over(Replies.AUTH_CANCELLED) : respond(text);
    }

    private AuthStep respond(String base64) {
        Optional<byte[]> response = Sasl.decode(base64);
        if (response.isEmpty()) {
            return over(Replies.AUTH_NOT_BASE64);
        }
        return switch (awaited) {
            case PLAIN -> plain(response.get());
            case LOGIN_USERNAME -> {
                username = new String(response.get(), UTF_8);
                awaited = Awaited.LOGIN_PASSWORD;
                yield challenge();
            }
            case LOGIN_PASSWORD -> {
                String password = new String(response.get(), UTF_8);
                yield new AuthStep.Check(new UserPassword("", username, password));
            }
        };
    }

    /// To act as somebody else is not for anyone here (RFC 4616 §2).
    private AuthStep plain(byte[] response) {
        Optional<UserPassword> said = UserPassword.parsePlain(response);
        if (said.isEmpty()) {
            return over(Replies.AUTH_NOT_BASE64);
        }
        String actAs = said.get().authorizationId();
        return actAs.isEmpty() || actAs.equals(said.get().username())
                ? new AuthStep.Check(said.get())
                : failed("");
    }

    private AuthStep over(Reply reply) {
        username = "";
        return new AuthStep.Answer(reply, SessionState.READY);
    }

    /// Sees whether credentials are right, off the event loop where that can block.
    CompletableFuture<Boolean> check(UserPassword credentials) {
        if (context.admission().takesAnyCredentials(link)) {
            return CompletableFuture.completedFuture(true);
        }
        return CompletableFuture.supplyAsync(
                () -> areOneOf(credentials, context.config().users()), context.blocking());
    }

    /// Returns whether these are one user's. Takes the same time whichever name or password is
    /// wrong. Passwords may be fetched from files: this can block.
    private static boolean areOneOf(UserPassword credentials, List<User> users) {
        byte[] name = credentials.username().getBytes(UTF_8);
        byte[] secret = credentials.password().getBytes(UTF_8);
        boolean found = false;
        for (User user : users) {
            boolean sameName = MessageDigest.isEqual(user.username().getBytes(UTF_8), name);
            boolean sameSecret =
                    MessageDigest.isEqual(user.password().reveal().getBytes(UTF_8), secret);
            // Both are known by now: this tells nobody by its time which of them was wrong.
            found |= sameName && sameSecret;
        }
        return found;
    }

    /// Returns what comes of the check.
    AuthStep checked(String name, boolean right) {
        if (right) {
            user = name;
            return over(Replies.AUTH_OK);
        }
        return failed(name);
    }

    private AuthStep failed(String name) {
        username = "";
        failures++;
        Duration wait = context.throttle().failed(link.client());
        context.observer().authFailed();
        log.atWarn()
                .addKeyValue("user", name)
                .addKeyValue("client", link.clientText())
                .addKeyValue("wait", wait)
                .log("log-in failed");
        return new AuthStep.Failed(
                failures < FAILURES_AT_MOST ? Replies.AUTH_FAILED : Replies.AUTH_FAILED_TOO_OFTEN,
                wait);
    }
}
