package dev.postern.listener;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.config.SmtpConfig.User;
import dev.postern.listener.SessionContext.Link;
import dev.postern.smtp.Command;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import dev.postern.smtp.Sasl;
import dev.postern.smtp.Sasl.PlainCredentials;
import dev.postern.smtp.Sasl.Response;
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
    sealed interface Step {

        /// Send a challenge; the next line answers it.
        record Challenge(Reply reply) implements Step {}

        /// See whether these are right.
        record Check(UserPassword credentials) implements Step {}

        /// The exchange is over.
        record Over(Reply reply) implements Step {}

        /// The exchange is over, and its answer is to wait.
        record Failed(Reply reply, Duration delay) implements Step {}
    }

    /// What the next response is.
    private enum Awaited {
        PLAIN,
        LOGIN_USERNAME,
        LOGIN_PASSWORD
    }

    /// A user name and a password that a client gave.
    ///
    /// @param username who it says it is
    /// @param password secret, left out of `toString`
    record UserPassword(String username, String password) {

        /// Returns whether these are one user's. Takes the same time whichever name or password is
        /// wrong. Passwords may be fetched from files: this can block.
        private boolean areOf(List<User> users) {
            byte[] name = username.getBytes(UTF_8);
            byte[] secret = password.getBytes(UTF_8);
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

        @Override
        public String toString() {
            return "Credentials[username=" + username + "]";
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
                ? Replies.authNeedsTls()
                : Replies.badSequence("AUTH is not offered");
    }

    /// Begins an exchange.
    Step begin(Command.Auth command) {
        username = "";
        Reply challenge;
        switch (command.mechanism()) {
            case Sasl.PLAIN -> {
                awaited = Awaited.PLAIN;
                challenge = Sasl.EMPTY_CHALLENGE;
            }
            case Sasl.LOGIN -> {
                awaited = Awaited.LOGIN_USERNAME;
                challenge = Sasl.LOGIN_USERNAME;
            }
            default -> {
                return new Step.Over(Replies.authMechanismUnknown());
            }
        }
        @Nullable String initial = command.initialResponse();
        return initial == null
                ? new Step.Challenge(challenge)
                : respond(Response.parseInitial(initial));
    }

    /// Goes on with the line that answers a challenge.
    Step answer(byte[] line) {
        return respond(Response.parse(line));
    }

    private Step respond(Response response) {
        return switch (response) {
            case Response.Decoded decoded -> decoded(decoded);
            case Response.Cancelled _ -> over(Replies.authCancelled());
            case Response.NotBase64 _ -> over(Replies.authNotBase64());
        };
    }

    private Step decoded(Response.Decoded response) {
        return switch (awaited) {
            case PLAIN -> plain(response);
            case LOGIN_USERNAME -> {
                username = response.text();
                awaited = Awaited.LOGIN_PASSWORD;
                yield new Step.Challenge(Sasl.LOGIN_PASSWORD);
            }
            case LOGIN_PASSWORD -> new Step.Check(new UserPassword(username, response.text()));
        };
    }

    /// To act as somebody else is not for anyone here (RFC 4616 §2).
    private Step plain(Response.Decoded response) {
        Optional<PlainCredentials> plain = PlainCredentials.parse(response.octets());
        if (plain.isEmpty()) {
            return over(Replies.authNotBase64());
        }
        PlainCredentials said = plain.get();
        String actAs = said.authorizationId();
        if (!actAs.isEmpty() && !actAs.equals(said.username())) {
            return failed("");
        }
        return new Step.Check(new UserPassword(said.username(), said.password()));
    }

    private Step over(Reply reply) {
        username = "";
        return new Step.Over(reply);
    }

    /// Sees whether credentials are right, off the event loop where that can block.
    CompletableFuture<Boolean> check(UserPassword credentials) {
        if (context.admission().takesAnyCredentials(link)) {
            return CompletableFuture.completedFuture(true);
        }
        return CompletableFuture.supplyAsync(
                () -> credentials.areOf(context.config().users()), context.blocking());
    }

    /// Returns what comes of the check.
    Step checked(String name, boolean right) {
        if (right) {
            user = name;
            return over(Replies.authOk());
        }
        return failed(name);
    }

    private Step failed(String name) {
        username = "";
        failures++;
        Duration wait = context.throttle().failed(link.client());
        context.observer().authFailed();
        log.atWarn()
                .addKeyValue("user", name)
                .addKeyValue("client", link.clientText())
                .addKeyValue("wait", wait)
                .log("log-in failed");
        return new Step.Failed(
                failures < FAILURES_AT_MOST ? Replies.authFailed() : Replies.authFailedTooOften(),
                wait);
    }
}
