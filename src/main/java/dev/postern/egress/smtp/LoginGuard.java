package dev.postern.egress.smtp;

import dev.postern.outcome.Fault;
import dev.postern.outcome.Outcome;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Lets one caller at a time log in with credentials that were not accepted yet. Whoever waited for
/// it shares its failure: a mistyped password is said once, however many messages wait, and not so
/// often at once that the provider bans this address.
///
/// Credentials that were accepted are used freely, until they are refused or others come.
/// Thread-safe.
final class LoginGuard {

    private final Function<@Nullable Credentials, ConnectResult> dialer;
    private final ReentrantLock turn = new ReentrantLock();
    private volatile @Nullable Credentials accepted;
    private volatile @Nullable Failure last;

    /// @param dialer makes a connection and logs in
    LoginGuard(Function<@Nullable Credentials, ConnectResult> dialer) {
        this.dialer = dialer;
    }

    /// A try that failed; each is another object.
    private static final class Failure {
        private final Credentials credentials;
        private final ConnectResult.Failed dialed;

        Failure(Credentials credentials, ConnectResult.Failed dialed) {
            this.credentials = credentials;
            this.dialed = dialed;
        }
    }

    /// Makes a connection and logs in, or tells the failure of who just tried.
    ///
    /// @param credentials null: without log-in
    ConnectResult dial(@Nullable Credentials credentials) throws InterruptedException {
        if (credentials == null) {
            return dialer.apply(null);
        }
        if (!credentials.equals(accepted)) {
            Failure before = last;
            turn.lockInterruptibly();
            try {
                Failure now = last;
                if (now != null && now != before && credentials.equals(now.credentials)) {
                    return now.dialed;
                }
                if (!credentials.equals(accepted)) {
                    return noted(credentials, dialer.apply(credentials));
                }
            } finally {
                turn.unlock();
            }
        }
        return noted(credentials, dialer.apply(credentials));
    }

    private ConnectResult noted(Credentials credentials, ConnectResult dialed) {
        switch (dialed) {
            case ConnectResult.Connected _ -> accepted = credentials;
            case ConnectResult.Failed failed -> {
                if (!failed.verdict().isOurDoing() && !Thread.currentThread().isInterrupted()) {
                    last = new Failure(credentials, failed);
                }
                if (failed.verdict().outcome() instanceof Outcome.Unavailable trouble
                        && trouble.fault() == Fault.CREDENTIALS) {
                    accepted = null;
                }
            }
        }
        return dialed;
    }

    /// Returns how many wait for somebody else's try.
    int waiting() {
        return turn.getQueueLength();
    }
}
