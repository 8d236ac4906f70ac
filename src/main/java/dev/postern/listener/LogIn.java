package dev.postern.listener;

import dev.postern.smtp.Command;
import dev.postern.smtp.FailureThrottle;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import dev.postern.smtp.ReplyCode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who a session's client has proved to be, and how often it failed to. The answer to a failure
/// waits, by what [FailureThrottle] says; right credentials never do.
final class LogIn {

    /// Failed log-ins of one session; the last of them ends it.
    static final int FAILURES_AT_MOST = 3;

    private static final Logger log = LoggerFactory.getLogger(LogIn.class);

    private final Terms terms;
    private final Link link;
    private Auth exchange = new Auth();
    private int failures;
    private @Nullable String user;

    LogIn(Terms terms, Link link) {
        this.terms = terms;
        this.link = link;
    }

    /// Returns who logged in; null when nobody did.
    @Nullable String user() {
        return user;
    }

    /// Returns what names take of the heap.
    long heldBytes() {
        int known = user == null ? 0 : user.length();
        return (long) Character.BYTES * (exchange.keptCharacters() + known);
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
        if (terms.admission().authOffered(link, secure)) {
            return null;
        }
        return terms.admission().authAfterTls(link, secure)
                ? Replies.authNeedsTls()
                : Replies.badSequence("AUTH is not offered");
    }

    /// Begins an exchange.
    Auth.Step begin(Command.Auth command) {
        exchange = new Auth();
        return counted(exchange.begin(command));
    }

    /// Goes on with the line that answers a challenge.
    Auth.Step answer(byte[] line) {
        return counted(exchange.answer(line));
    }

    private Auth.Step counted(Auth.Step step) {
        if (step instanceof Auth.Step.Over) {
            exchange = new Auth();
        }
        if (step instanceof Auth.Step.Over over
                && over.reply().code().equals(ReplyCode.AUTH_FAILED)) {
            return failed("");
        }
        return step;
    }

    /// Sees whether credentials are right, off the event loop where that can block.
    CompletableFuture<Boolean> check(Credentials credentials) {
        if (terms.admission().takesAnyCredentials(link)) {
            return CompletableFuture.completedFuture(true);
        }
        return CompletableFuture.supplyAsync(
                () -> credentials.areOf(terms.config().users()), terms.blocking());
    }

    /// Returns what comes of the check.
    Auth.Step checked(String name, boolean right) {
        exchange = new Auth();
        if (right) {
            user = name;
            return new Auth.Step.Over(Replies.authOk());
        }
        return failed(name);
    }

    private Auth.Step failed(String name) {
        failures++;
        Duration wait = terms.throttle().failed(link.client());
        terms.observer().authFailed();
        log.atWarn()
                .addKeyValue("user", name)
                .addKeyValue("client", link.clientText())
                .addKeyValue("wait", wait)
                .log("log-in failed");
        return new Auth.Step.Failed(
                failures < FAILURES_AT_MOST ? Replies.authFailed() : Replies.authFailedTooOften(),
                wait);
    }
}
