package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.egress.CommitGate;
import dev.postern.egress.smtp.SmtpDialer.ConnectResult;
import dev.postern.egress.smtp.SmtpDialer.Credentials;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.smtp.UpstreamReply;
import dev.postern.testing.Await;
import dev.postern.testing.Mail;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Act;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How often credentials are said that nobody accepted yet.
@Timeout(60)
class LoginGuardTest {

    private static final int CALLERS = 8;
    private static final Credentials MISTYPED = new Credentials("user", "mistyped");
    private static final Credentials CORRECTED = new Credentials("user", "word");

    private final CountDownLatch answer = new CountDownLatch(1);
    private final AtomicInteger tries = new AtomicInteger();
    private final ConnectResult.Failed refusal = refusal();
    private final SmtpEgress.LoginGuard logIns =
            new SmtpEgress.LoginGuard(_ -> {
                tries.incrementAndGet();
                awaitAnswer();
                return refusal;
            });

    @Test
    void whoWaitedSharesTheRefusal() throws Exception {
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<ConnectResult>> dialed = start(callers, () -> logIns.dial(MISTYPED));
            Await.until("all but one wait", () -> logIns.waiting() == CALLERS - 1);
            answer.countDown();
            for (Future<ConnectResult> each : dialed) {
                assertEquals(refusal, each.get());
            }
        }
        assertEquals(1, tries.get());
    }

    @Test
    void whoComesLaterTriesAnew() throws Exception {
        answer.countDown();
        logIns.dial(MISTYPED);
        logIns.dial(MISTYPED);
        assertEquals(2, tries.get());
    }

    @Test
    void whoHasOtherCredentialsTriesThem() throws Exception {
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<ConnectResult> first = callers.submit(() -> logIns.dial(MISTYPED));
            Await.until("the first tries", () -> tries.get() == 1);
            Future<ConnectResult> second = callers.submit(() -> logIns.dial(CORRECTED));
            Await.until("the second waits", () -> logIns.waiting() == 1);
            answer.countDown();
            assertEquals(List.of(refusal, refusal), List.of(first.get(), second.get()));
        }
        assertEquals(2, tries.get());
    }

    @Test
    void acceptedCredentialsAreUsedByAllAtOnce() throws Exception {
        CountDownLatch all = new CountDownLatch(1);
        try (ScriptedServer server =
                        ScriptedServer.start().startTls("localhost").offering("AUTH PLAIN");
                SmtpEgress egress = egress(server);
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            server.always("MAIL", new Act.Hold(all));
            List<Future<Outcome>> outcomes =
                    start(
                            callers,
                            () ->
                                    egress.send(Mail.to("b@example.net"), CommitGate.OPEN)
                                            .outcomes()
                                            .firstEntry()
                                            .getValue());
            Await.until("each has its own", () -> server.count("MAIL") == CALLERS);
            all.countDown();
            for (Future<Outcome> outcome : outcomes) {
                assertInstanceOf(Outcome.Accepted.class, outcome.get());
            }
            assertEquals(CALLERS, server.count("AUTH"));
        }
    }

    private static SmtpEgress egress(ScriptedServer server) {
        EgressSetup setup = EgressSetup.to(server).tls(Tls.REQUIRED).login("user", "word");
        setup.concurrency = CALLERS;
        return setup.build();
    }

    private static <T> List<Future<T>> start(ExecutorService callers, Callable<T> call) {
        List<Future<T>> started = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            started.add(callers.submit(call));
        }
        return started;
    }

    private void awaitAnswer() {
        try {
            answer.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static ConnectResult.Failed refusal() {
        Context context = Context.ofSmtp(Stage.AUTH, "localhost", "localhost:587", Duration.ZERO);
        UpstreamReply said = UpstreamReply.parse("535 5.7.8 Username and Password not accepted.");
        return new ConnectResult.Failed(Trouble.ofReply(context, said), Stage.AUTH);
    }
}
