package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.ForwardPath;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.OutcomeClass;
import dev.postern.spool.DueQueue.Settlement;
import dev.postern.spool.Intakes.Intake;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/// What a message knows after a restart, an operator's hold, or many days.
class RestartTest {

    private final MemoryDisk disk = new MemoryDisk(1).wholeWrites();
    private final SpoolBench bench = new SpoolBench(disk);

    private Settlement of(
            MessageState message, OutcomeClass outcome, Reason reason, Duration wait) {
        List<Recipient> recipients = new ArrayList<>();
        for (ForwardPath to : message.unfinished()) {
            recipients.add(new Recipient(to, State.DEFERRED, reason, "words", "relay"));
        }
        Attempt line =
                new Attempt(
                        bench.instant(),
                        "relay",
                        outcome,
                        "words",
                        Duration.ofMillis(20),
                        message.unfinished(),
                        List.of());
        Instant due = bench.instant().plus(wait);
        boolean uncertain = outcome == OutcomeClass.UNCERTAIN;
        return new Settlement(1, List.of(line), recipients, due, uncertain);
    }

    private QueueId uncertain() throws Exception {
        QueueId id = bench.accept("x");
        Duration wait = Duration.ofMinutes(5);
        bench.queue().settle(id, of(bench.claim(), OutcomeClass.UNCERTAIN, Reason.UNCERTAIN, wait));
        bench.spool().step();
        return id;
    }

    private Recipient only(QueueId id) {
        return bench.message(id).recipients().getFirst();
    }

    /// The first start after a power cut may die too, wherever it is.
    @Test
    void whatAPowerCutLeavesDoubtfulStaysSoWhenTheNextStartDies() throws Exception {
        for (int operations = 0; operations < 60; operations++) {
            SpoolBench cut = new SpoolBench(new MemoryDisk(operations).wholeWrites()).open();
            QueueId id = cut.accept("x");
            cut.end(true);
            cut.startAndDie(operations, false);
            cut.open();
            assertTrue(cut.message(id).possibleDuplicate(), "died after " + operations);
        }
    }

    /// A start may die between a cut and its sync; the segment that names the end goes later.
    @Test
    void whatWasRefusedStaysAwayWhenTheStartThatCutsItDies() throws Exception {
        Path first = SpoolBench.HOME.resolve(Segment.name(1));
        Path second = SpoolBench.HOME.resolve(Segment.name(2));
        for (int run = 0; run < 4 * 60; run++) {
            SpoolBench cut = new SpoolBench(new MemoryDisk(run).wholeWrites()).open();
            String large = "h".repeat(3000);
            QueueId held = cut.accept(large);
            Intake refused = cut.begin("refused");
            cut.disk().failSyncs(1);
            CompletableFuture<Void> commit = cut.commit(refused);
            cut.spool().step();
            assertTrue(commit.isCompletedExceptionally());
            QueueId next = cut.accept("next");
            cut.end(false);
            cut.disk().put(first, cut.disk().octets(first));
            cut.startAndDie(run / 4, false);
            cut.open();
            cut.admin().apply(QueueAdmin.Verb.DELETE, next);
            cut.housekeeping();
            assertTrue(cut.disk().paths().contains(first));
            assertFalse(cut.disk().paths().contains(second));
            cut.powerCut();
            assertTrue(cut.admin().find(refused.id()).isEmpty(), "died after " + run / 4);
            assertEquals(large, cut.content(held));
        }
    }

    @Test
    void holdAndReleaseKeepTheEgressThatPerhapsTookIt() throws Exception {
        bench.open();
        QueueId id = uncertain();
        bench.admin().apply(QueueAdmin.Verb.HOLD, id);
        assertEquals(Reason.OPERATOR, only(id).reason());
        bench.restart();
        bench.admin().apply(QueueAdmin.Verb.RELEASE, id);
        assertEquals(State.QUEUED, only(id).state());
        MessageState claimed = bench.claim();
        assertEquals(Reason.UNCERTAIN, claimed.recipients().getFirst().reason());
        assertEquals("relay", claimed.recipients().getFirst().egress());
    }

    @Test
    void anAnswerEndsThePossibleDuplicateForHoldAndReleaseToo() throws Exception {
        bench.open();
        QueueId id = uncertain();
        bench.advance(Duration.ofMinutes(6));
        Duration wait = Duration.ofMinutes(1);
        bench.queue().settle(id, of(bench.claim(), OutcomeClass.DEFERRED, Reason.RECIPIENT, wait));
        bench.admin().apply(QueueAdmin.Verb.HOLD, id);
        bench.admin().apply(QueueAdmin.Verb.RELEASE, id);
        assertEquals(null, bench.claim().recipients().getFirst().reason());
    }

    @Test
    void whatWasHeldForWantOfAnEgressKeepsItsPossibleDuplicate() throws Exception {
        bench.open();
        QueueId id = uncertain();
        bench.advance(Duration.ofMinutes(6));
        MessageState claimed = bench.claim();
        ForwardPath to = claimed.unfinished().getFirst();
        Recipient held = new Recipient(to, State.HELD, Reason.NO_EGRESS, "none", null);
        bench.queue()
                .settle(id, new Settlement(0, List.of(), List.of(held), bench.instant(), false));
        bench.restart();
        assertEquals(1, bench.queue().releaseAll());
        assertEquals(Reason.UNCERTAIN, bench.claim().recipients().getFirst().reason());
    }

    @Test
    void theWaitOfAnUncertainOneIsForARunningProgramOnly() throws Exception {
        bench.open();
        QueueId id = uncertain();
        assertEquals(List.of(), bench.queue().claim(1, 0));
        bench.kill();
        assertEquals(id, bench.claim().id());
    }

    @Test
    void otherWaitsGoOn() throws Exception {
        bench.open();
        QueueId id = bench.accept("x");
        Duration wait = Duration.ofHours(1);
        bench.queue().settle(id, of(bench.claim(), OutcomeClass.DEFERRED, Reason.RECIPIENT, wait));
        Instant due = bench.instant().plus(wait);
        bench.restart();
        assertEquals(due, bench.queue().nextDue(0).orElseThrow());
    }

    @Test
    void aClockSetBackBetweenRunsDelaysNothing() throws Exception {
        bench.open();
        QueueId id = bench.accept("x");
        Duration wait = Duration.ofMinutes(10);
        bench.queue().settle(id, of(bench.claim(), OutcomeClass.DEFERRED, Reason.RECIPIENT, wait));
        bench.accept("new");
        bench.advance(Duration.ofDays(-3));
        bench.restart();
        assertEquals(1, bench.queue().claim(9, 0).size());
        Instant due = bench.queue().nextDue(0).orElseThrow();
        assertTrue(!due.isAfter(bench.instant().plus(wait)), () -> "due " + due);
    }

    @Test
    void aClockThatIsYearsBackDelaysADayAtMost() throws Exception {
        bench.open();
        QueueId id = bench.accept("x");
        Duration wait = Duration.ofDays(900);
        bench.queue().settle(id, of(bench.claim(), OutcomeClass.DEFERRED, Reason.RECIPIENT, wait));
        bench.restart();
        Instant due = bench.queue().nextDue(0).orElseThrow();
        assertTrue(!due.isAfter(bench.instant().plus(Duration.ofDays(1))), () -> "due " + due);
    }

    @Test
    void aSettlementThatFailsCanBeRepeated() throws Exception {
        bench.open();
        QueueId id = bench.accept("x");
        MessageState claimed = bench.claim();
        Recipient bad =
                new Recipient(claimed.unfinished().getFirst(), State.SENDING, null, "", "relay");
        Settlement impossible = new Settlement(1, List.of(), List.of(bad), bench.instant(), false);
        try {
            bench.queue().settle(id, impossible);
        } catch (AssertionError _) {
            // The encoder refuses it, where assertions are on.
            bench.queue().settle(id, Mails.sent(claimed, bench.instant()));
            assertEquals(State.SENT, bench.message(id).state());
        }
    }

    @Test
    void historyIsBoundedInOctetsAndSaysWhatWasDropped() throws Exception {
        bench.segmentBytes(4 * 1024 * 1024).open();
        String[] to = new String[1000];
        for (int i = 0; i < to.length; i++) {
            to[i] = "recipient-" + i + "@example.net";
        }
        Intake intake = bench.begin("x");
        var done = intake.commit(Mails.queued(intake.id(), "a@example.org", bench.instant(), to));
        bench.spool().step();
        done.toCompletableFuture().join();
        Duration wait = Duration.ofMinutes(1);
        int rounds = 200;
        for (int i = 0; i < rounds; i++) {
            bench.queue()
                    .settle(
                            intake.id(),
                            of(bench.claim(), OutcomeClass.DEFERRED, Reason.RECIPIENT, wait));
            bench.spool().step();
            bench.advance(wait);
        }
        bench.restart();
        List<Attempt> history = bench.admin().find(intake.id()).orElseThrow().attempts();
        int dropped = rounds - history.size();
        assertTrue(history.size() * to.length * Integer.BYTES <= MessageState.History.MAX_BYTES);
        assertTrue(history.size() > 50, "left: " + history.size());
        assertEquals("(" + dropped + " older lines dropped) words", history.getFirst().reply());
        assertEquals("words", history.get(1).reply());
    }
}
