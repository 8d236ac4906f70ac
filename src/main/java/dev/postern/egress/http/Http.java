package dev.postern.egress.http;

import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.CommitGate;
import dev.postern.egress.CommitGate.BrokenOff;
import dev.postern.egress.http.Exchange.HttpConnection;
import dev.postern.egress.net.IdleConnections;
import dev.postern.outcome.Stage;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The one way of doing HTTP: calls to one endpoint, over HTTP/1.1.
///
/// **Purpose.** Carries a call to the endpoint and says what was answered, or how far it came.
///
/// **Contract.** [#exchange] blocks; at most `concurrency` calls are under way, the others wait for
/// their turn. Nothing is ever sent twice on its own account, but for a call that fails before its
/// commit point on a connection that was used before: such a one is stale and is replaced once.
/// Redirects are answers like any other. TLS is verified for the endpoint's name before a header is
/// written. An interrupt breaks off what has not reached the commit point; what has is awaited, and
/// the thread's interrupt stays set.
///
/// **Diagnostics.** Trouble of the network is a [HttpResult.Failed]. Thrown is only a body that
/// can't be read (`UncheckedIOException`). Nothing is logged, and what libraries would log of
/// headers, which have the key, is switched off.
///
/// **Limits.** Time-outs as configured: `connect-timeout` for an address, `command-timeout` for TLS
/// and for each stretch of the request, `answer-timeout` from the last octet to the whole answer.
/// One buffer of 16 KiB a call. What is taken of an answer is [AnswerReader]'s to say.
///
/// See also: [Exchange] (one call), [AnswerReader] (what is an answer), [HttpDialer] (how
/// connections are made).
final class Http implements AutoCloseable {

    /// Loggers that would write a request's header fields, key and all. Held here, since a logger
    /// that nobody holds forgets its level.
    private static final List<Logger> TALKATIVE =
            List.of(
                    Logger.getLogger("software.amazon.awssdk"),
                    Logger.getLogger("org.apache.http"),
                    // AWS's credential chain asks by it, with a container's token.
                    Logger.getLogger("sun.net.www"));

    static {
        TALKATIVE.forEach(logger -> logger.setLevel(Level.INFO));
    }

    final Common common;
    final ApiEndpoint endpoint;
    final HttpDialer dialer;
    final IdleConnections<HttpConnection> pool;
    private final Semaphore turns;

    /// @param environment gives a variable's value, for the proxy
    Http(Common common, ApiEndpoint endpoint, UnaryOperator<@Nullable String> environment) {
        this.common = common;
        this.endpoint = endpoint;
        this.dialer = new HttpDialer(common, endpoint, environment);
        this.pool = new IdleConnections<>(System::nanoTime, HttpConnection::close);
        this.turns = new Semaphore(common.concurrency());
    }

    /// Makes a call.
    ///
    /// @param gate passed right before the last octet of a body
    /// @throws java.io.UncheckedIOException when the body can't be read
    HttpResult exchange(HttpCall call, CommitGate gate) {
        gate.waiting();
        try {
            turns.acquire();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return new HttpResult.Failed(Stage.PREPARE, new BrokenOff("interrupted"));
        }
        try {
            return new Exchange(this, call, gate).run();
        } finally {
            turns.release();
        }
    }

    @Override
    public void close() {
        pool.close();
    }
}
