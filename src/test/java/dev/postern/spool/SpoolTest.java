package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.spool.DueQueue.Settlement;
import dev.postern.spool.Intakes.Intake;
import dev.postern.spool.QueueAdmin.Page;
import dev.postern.spool.QueueAdmin.Query;
import dev.postern.testing.Await;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SpoolTest {

    private final MemoryDisk disk = new MemoryDisk(1);
    private final SpoolBench bench = new SpoolBench(disk);

    private Spool spool() {
        return bench.spool();
    }

    private DueQueue queue() {
        return bench.queue();
    }

    private QueueAdmin admin() {
        return bench.admin();
    }

    @Test
    void oneSyncServesAllThatArrived() throws Exception {
        bench.open();
        bench.accept("first");
        int before = disk.syncs();
        List<CompletableFuture<Void>> commits = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            commits.add(bench.commit(bench.begin("message " + i)));
        }
        spool().step();
        commits.forEach(CompletableFuture::join);
        assertEquals(1, disk.syncs() - before);
    }

    /// Content counts for nothing before its message is accepted, so it goes out as the buffer
    /// fills, however often the writer looks.
    @Test
    void aLargeMessageIsFewWritesAndOneSync() throws Exception {
        disk.wholeWrites();
        bench.segmentBytes(16 << 20).open();
        bench.accept("first");
        int syncs = disk.syncs();
        int writes = disk.writes();
        Intake intake = bench.intakes().receive();
        byte[] some = new byte[16 * 1024];
        for (int i = 0; i < 640; i++) {
            if (!intake.write(ByteBuffer.wrap(some))) {
                spool().step();
            }
            if (i % 2 == 0) {
                spool().step();
            }
        }
        assertEquals(syncs, disk.syncs());
        CompletableFuture<Void> commit = bench.commit(intake);
        spool().step();
        commit.join();
        assertEquals(1, disk.syncs() - syncs);
        int made = disk.writes() - writes;
        assertTrue(made <= 10 * 4 + 2, () -> made + " writes");
    }

    @Test
    void outcomesNeedNoSyncOfTheirOwn() throws Exception {
        bench.open();
        QueueId id = bench.accept("one");
        int before = disk.syncs();
        MessageState claimed = bench.claim();
        queue().committing(id);
        queue().settle(id, Mails.sent(claimed, bench.instant()));
        spool().step();
        assertEquals(before, disk.syncs());
        spool().tick();
        assertEquals(before + 1, disk.syncs());
    }

    @Test
    void newMailGoesBeforeDeferred() throws Exception {
        bench.open();
        QueueId old = bench.accept("old");
        queue().settle(
                        old,
                        Mails.deferred(
                                bench.claim(), Reason.RECIPIENT, bench.instant(), bench.instant()));
        QueueId fresh = bench.accept("fresh");
        List<QueueId> order = queue().claim(9, 0).stream().map(MessageState::id).toList();
        assertEquals(List.of(fresh, old), order);
    }

    @Test
    void nextDueIsOfTheFirstThatWaits() throws Exception {
        bench.open();
        assertEquals(Optional.empty(), queue().nextDue(0));
        QueueId id = bench.accept("one");
        assertEquals(Optional.of(bench.instant()), queue().nextDue(0));
        MessageState claimed = bench.claim();
        assertEquals(Optional.empty(), queue().nextDue(0));
        queue().settle(
                        id,
                        Mails.deferred(
                                claimed,
                                Reason.RECIPIENT,
                                bench.instant(),
                                bench.instant().plusSeconds(30)));
        assertEquals(Optional.of(bench.instant().plusSeconds(30)), queue().nextDue(0));
        assertEquals(List.of(), queue().claim(1, 0));
    }

    @Test
    void unnamedRecipientsGoBackToWhatTheyWere() throws Exception {
        bench.open();
        Intake intake = bench.begin("two recipients");
        intake.commit(
                Mails.queued(
                        intake.id(),
                        "a@example.org",
                        bench.instant(),
                        "b@example.net",
                        "c@example.net"));
        spool().step();
        MessageState claimed = bench.claim();
        Recipient first =
                new Recipient(claimed.unfinished().getFirst(), State.SENT, null, "250 ok", "relay");
        queue().settle(
                        intake.id(),
                        new Settlement(1, List.of(), List.of(first), bench.instant(), false));
        bench.restart();
        MessageState after = bench.message(intake.id());
        assertEquals(State.SENT, after.recipients().get(0).state());
        assertEquals(State.QUEUED, after.recipients().get(1).state());
        assertEquals(List.of(claimed.unfinished().get(1)), bench.claim().unfinished());
    }

    @Test
    void stagedContentIsReadableAndLeavesNothing() throws Exception {
        bench.open();
        Intake intake = bench.begin("to be acknowledged when sent");
        CompletableFuture<MessageContent> staged =
                intake.stage(new ContentTraits(false, false, 28)).toCompletableFuture();
        spool().step();
        try (InputStream content = staged.join().open()) {
            assertEquals(
                    "to be acknowledged when sent",
                    new String(content.readAllBytes(), StandardCharsets.UTF_8));
        }
        assertEquals(List.of(), queue().claim(1, 0));
        intake.abort();
        bench.restart();
        assertEquals(List.of(), admin().list(new Query(null, null, null, 10, null)).messages());
    }

    /// Its callback leads to a whole session: a client that is refused again and again must not
    /// fill the memory while nothing else comes.
    @Test
    void whatWasAbortedIsLetGo() throws Exception {
        bench.open();
        WeakReference<Runnable> callback = abort();
        spool().step();
        Await.until(
                "the intake is let go",
                () -> {
                    System.gc();
                    return callback.get() == null;
                });
    }

    private WeakReference<Runnable> abort() throws Exception {
        AtomicInteger session = new AtomicInteger();
        Runnable resume = () -> session.set(1);
        Intake intake = bench.begin("refused");
        intake.onWritable(resume);
        intake.abort();
        return new WeakReference<>(resume);
    }

    @Test
    void verbsAreKept() throws Exception {
        bench.open();
        QueueId held = bench.accept("held");
        QueueId deleted = bench.accept("deleted");
        QueueId failed = bench.accept("failed");
        assertEquals(QueueAdmin.Verdict.DONE, admin().apply(QueueAdmin.Verb.HOLD, held));
        assertEquals(QueueAdmin.Verdict.DONE, admin().apply(QueueAdmin.Verb.DELETE, deleted));
        assertEquals(QueueAdmin.Verdict.UNKNOWN, admin().apply(QueueAdmin.Verb.DELETE, deleted));
        MessageState claimed = bench.claim();
        assertEquals(QueueAdmin.Verdict.WRONG_STATE, admin().apply(QueueAdmin.Verb.DELETE, failed));
        queue().settle(failed, Mails.failed(claimed, bench.instant()));
        bench.advance(Duration.ofDays(1));
        assertEquals(QueueAdmin.Verdict.DONE, admin().apply(QueueAdmin.Verb.RETRY, failed));
        bench.kill();
        assertEquals(State.HELD, bench.message(held).state());
        assertTrue(admin().find(deleted).isEmpty());
        assertEquals(State.QUEUED, bench.message(failed).state());
        assertEquals(bench.instant(), bench.message(failed).ageFrom());
        assertEquals(failed, bench.claim().id());
        assertEquals(QueueAdmin.Verdict.DONE, admin().apply(QueueAdmin.Verb.RELEASE, held));
        assertEquals(held, bench.claim().id());
    }

    @Test
    void heldForNoEgressIsFreed() throws Exception {
        bench.open();
        QueueId id = bench.accept("one");
        queue().settle(id, Mails.held(bench.claim(), bench.instant()));
        assertEquals(State.HELD, bench.message(id).state());
        QueueId operators = bench.accept("two");
        assertEquals(QueueAdmin.Verdict.DONE, admin().apply(QueueAdmin.Verb.HOLD, operators));
        assertEquals(1, queue().releaseAll());
        assertEquals(State.HELD, bench.message(operators).state());
        assertEquals(State.QUEUED, bench.message(id).state());
        MessageState claimed = bench.claim();
        queue().settle(id, new Settlement(0, List.of(), List.of(), bench.instant(), false));
        assertEquals(State.QUEUED, bench.message(id).state());
        assertEquals(1, claimed.unfinished().size());
    }

    @Test
    void deferredForAReasonIsHastened() throws Exception {
        bench.open();
        QueueId id = bench.accept("one");
        queue().settle(
                        id,
                        Mails.deferred(
                                bench.claim(),
                                Reason.EGRESS_DOWN,
                                bench.instant(),
                                bench.instant().plusSeconds(600)));
        assertEquals(0, queue().hasten(Reason.RECIPIENT, bench.instant(), Integer.MAX_VALUE));
        assertEquals(
                0,
                queue().hasten(
                                Reason.EGRESS_DOWN,
                                bench.instant().plusSeconds(700),
                                Integer.MAX_VALUE));
        assertEquals(
                1,
                queue().hasten(
                                Reason.EGRESS_DOWN,
                                bench.instant().plusSeconds(5),
                                Integer.MAX_VALUE));
        assertEquals(Optional.of(bench.instant().plusSeconds(5)), queue().nextDue(0));
    }

    @Test
    void hastenedMailGoesInTurn() throws Exception {
        bench.open();
        List<QueueId> ids = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            ids.add(bench.accept("message " + i));
        }
        List<QueueId> trials = new ArrayList<>();
        queue().claim(3, 0).forEach(message -> defer(message, Duration.ofHours(1)));
        for (int i = 0; i < 3; i++) {
            bench.advance(Duration.ofMinutes(1));
            queue().hasten(Reason.EGRESS_DOWN, bench.instant(), Integer.MAX_VALUE);
            MessageState trial = bench.claim();
            trials.add(trial.id());
            defer(trial, Duration.ofHours(1));
        }
        assertEquals(ids, trials);
    }

    private void defer(MessageState message, Duration wait) {
        queue().settle(
                        message.id(),
                        Mails.deferred(
                                message,
                                Reason.EGRESS_DOWN,
                                bench.instant(),
                                bench.instant().plus(wait)));
    }

    @Test
    void claimTellsOfALostAnswerAndItsEgress() throws Exception {
        bench.open();
        QueueId id = bench.accept("one");
        queue().settle(
                        id,
                        Mails.deferred(
                                bench.claim(),
                                Reason.UNCERTAIN,
                                bench.instant(),
                                bench.instant().plusSeconds(300)));
        spool().step();
        bench.advance(Duration.ofMinutes(5));
        Recipient again = bench.claim().recipients().getFirst();
        assertEquals(State.SENDING, again.state());
        assertEquals(Reason.UNCERTAIN, again.reason());
        assertEquals("relay", again.egress());
        assertEquals(null, bench.message(id).recipients().getFirst().reason());
        bench.kill();
        Recipient read = bench.claim().recipients().getFirst();
        assertEquals(Reason.UNCERTAIN, read.reason());
        assertEquals("relay", read.egress());
    }

    @Test
    void killAfterTheCommitPointMakesAPossibleDuplicate() throws Exception {
        bench.open();
        QueueId sending = bench.accept("sending");
        QueueId waiting = bench.accept("waiting");
        MessageState claimed = bench.claim();
        assertEquals(sending, claimed.id());
        queue().committing(sending);
        bench.kill();
        assertTrue(bench.message(sending).possibleDuplicate());
        assertFalse(bench.message(waiting).possibleDuplicate());
        bench.kill();
        assertTrue(bench.claim().possibleDuplicate(), "still after a second kill");
    }

    @Test
    void powerCutMakesAllThatWasDuePossibleDuplicates() throws Exception {
        bench.open();
        QueueId due = bench.accept("due");
        QueueId later = bench.accept("later");
        MessageState claimed = queue().claim(2, 0).getLast();
        queue().settle(
                        later,
                        Mails.deferred(
                                claimed,
                                Reason.RECIPIENT,
                                bench.instant(),
                                bench.instant().plusSeconds(600)));
        spool().tick();
        bench.powerCut();
        assertTrue(bench.message(due).possibleDuplicate());
        assertFalse(bench.message(later).possibleDuplicate());
        bench.kill();
        assertTrue(bench.message(due).possibleDuplicate(), "the doubt is kept");
    }

    @Test
    void cleanStopRaisesNoPossibleDuplicate() throws Exception {
        bench.open();
        QueueId id = bench.accept("due");
        bench.claim();
        bench.restart();
        assertFalse(bench.message(id).possibleDuplicate());
        assertEquals(id, bench.claim().id());
    }

    @Test
    void failedSyncFailsItsCommitsAndGoesOnInANewSegment() throws Exception {
        bench.open();
        QueueId before = bench.accept("before");
        MessageState claimed = bench.claim();
        Intake halfway = bench.begin("x".repeat(IntakeRegistry.PIECE_BYTES));
        Intake lost = bench.begin("lost");
        CompletableFuture<Void> commit = bench.commit(lost);
        queue().settle(before, Mails.sent(claimed, bench.instant()));
        disk.failSyncs(1);
        spool().step();
        assertBroken(commit, SpoolException.Kind.BROKEN);
        CompletableFuture<Void> second = bench.commit(halfway);
        spool().step();
        assertBroken(second, SpoolException.Kind.BROKEN);
        QueueId after = bench.accept("after");
        bench.powerCut();
        assertTrue(admin().find(lost.id()).isEmpty());
        assertTrue(admin().find(halfway.id()).isEmpty());
        assertEquals(State.SENT, bench.message(before).state(), "its outcome was written again");
        assertEquals("after", bench.content(after));
    }

    @Test
    void diskThatStaysBrokenRefusesMailUntilItWorks() throws Exception {
        bench.open();
        QueueId id = bench.accept("before");
        MessageState claimed = bench.claim();
        disk.failSyncs(3);
        CompletableFuture<Void> commit = bench.commit(bench.begin("lost"));
        spool().step();
        assertBroken(commit, SpoolException.Kind.BROKEN);
        SpoolException refused =
                assertThrows(SpoolException.class, () -> bench.intakes().receive());
        assertEquals(SpoolException.Kind.BROKEN, refused.kind());
        assertTrue(admin().status().trouble().contains("failed"), admin().status().trouble());
        queue().settle(id, Mails.sent(claimed, bench.instant()));
        spool().tick();
        spool().tick();
        assertEquals(null, admin().status().trouble());
        bench.accept("works again");
        bench.powerCut();
        assertEquals(State.SENT, bench.message(id).state());
    }

    private static void assertBroken(CompletableFuture<Void> commit, SpoolException.Kind kind) {
        CompletionException failed = assertThrows(CompletionException.class, commit::join);
        SpoolException cause = (SpoolException) failed.getCause();
        assertEquals(kind, cause.kind());
    }

    @Test
    void fullDiskRefusesAndRecovers() throws Exception {
        bench.open();
        QueueId before = bench.accept("before");
        disk.capacity(disk.usedBytes() + 2000);
        CompletableFuture<Void> commit = bench.commit(bench.begin("y".repeat(5000)));
        spool().step();
        assertBroken(commit, SpoolException.Kind.FULL);
        disk.capacity(1 << 20);
        spool().tick();
        QueueId after = bench.accept("after");
        bench.kill();
        assertEquals("before", bench.content(before));
        assertEquals("after", bench.content(after));
        assertEquals(2, admin().list(new Query(null, null, null, 10, null)).messages().size());
    }

    @Test
    void fullDiskLetsNothingPassItsCommitPoint() throws Exception {
        bench.open();
        QueueId first = bench.accept("first");
        QueueId second = bench.accept("second");
        bench.claim();
        disk.capacity(disk.usedBytes());
        assertThrows(UncheckedIOException.class, () -> queue().committing(first));
        assertThrows(UncheckedIOException.class, () -> queue().committing(first));
        assertEquals(List.of(), queue().claim(9, 0));
        disk.capacity(1 << 20);
        spool().tick();
        queue().committing(first);
        assertEquals(second, bench.claim().id());
        bench.kill();
        assertTrue(bench.message(first).possibleDuplicate());
        assertFalse(bench.message(second).possibleDuplicate());
    }

    @Test
    void belowMinFreeMailIsRefusedAndFailedOctetsGoFirst() throws Exception {
        disk.capacity(100_000);
        bench.config(SpoolBench.config(50_000, 0)).open();
        QueueId failed = bench.accept("z".repeat(30_000));
        MessageState claimed = bench.claim();
        QueueId kept = bench.accept("k".repeat(30_000));
        spool().tick();
        SpoolException refused =
                assertThrows(SpoolException.class, () -> bench.intakes().receive());
        assertEquals(SpoolException.Kind.FULL, refused.kind());
        assertTrue(refused.getMessage().contains("spool.min-free"), refused.getMessage());
        queue().settle(failed, Mails.failed(claimed, bench.instant()));
        bench.housekeeping();
        assertTrue(admin().content(failed).isEmpty());
        assertEquals(State.FAILED, bench.message(failed).state());
        assertEquals(QueueAdmin.Verdict.WRONG_STATE, admin().apply(QueueAdmin.Verb.RETRY, failed));
        assertEquals("k".repeat(30_000), bench.content(kept));
        bench.accept("there is room again");
    }

    @Test
    void aboveMaxSizeMailIsRefused() throws Exception {
        bench.config(SpoolBench.config(0, 50_000)).open();
        QueueId id = bench.accept("z".repeat(60_000));
        assertEquals(
                SpoolException.Kind.FULL,
                assertThrows(SpoolException.class, () -> bench.intakes().receive()).kind());
        queue().settle(id, Mails.sent(bench.claim(), bench.instant()));
        bench.housekeeping();
        bench.accept("room");
    }

    @Test
    void historyIsKeptForItsTime() throws Exception {
        bench.open();
        QueueId sent = bench.accept("sent");
        queue().settle(sent, Mails.sent(bench.claim(), bench.instant()));
        QueueId failed = bench.accept("failed");
        queue().settle(failed, Mails.failed(bench.claim(), bench.instant()));
        bench.restart();
        assertEquals(State.SENT, bench.message(sent).state());
        assertTrue(admin().content(sent).isEmpty());
        assertEquals("failed", bench.content(failed));
        bench.advance(Duration.ofHours(25));
        bench.housekeeping();
        assertTrue(admin().find(sent).isEmpty());
        assertEquals("failed", bench.content(failed));
        bench.advance(Duration.ofDays(7));
        bench.housekeeping();
        assertTrue(admin().find(failed).isEmpty());
        bench.restart();
        assertEquals(List.of(), queue().claim(9, 0));
        assertTrue(admin().find(failed).isEmpty());
    }

    @Test
    void noMoreHistoryThanItsCount() throws Exception {
        bench.open();
        for (int i = 0; i < 150; i++) {
            QueueId id = bench.accept("message " + i);
            queue().settle(id, Mails.sent(bench.claim(), bench.instant()));
            bench.advance(Duration.ofMillis(5));
        }
        spool().tick();
        assertEquals(100, admin().status().messages().get(State.SENT));
        bench.restart();
        assertEquals(100, admin().status().messages().get(State.SENT));
        assertEquals(List.of(), queue().claim(9, 0));
    }

    @Test
    void heldMessageDoesNotPinSegments() throws Exception {
        bench.open();
        QueueId held = bench.accept("h".repeat(500));
        admin().apply(QueueAdmin.Verb.HOLD, held);
        for (int i = 0; i < 300; i++) {
            QueueId id = bench.accept("m".repeat(1000));
            queue().settle(id, Mails.sent(bench.claim(), bench.instant()));
            if (i % 10 == 0) {
                spool().tick();
            }
        }
        bench.advance(Duration.ofHours(25));
        bench.housekeeping();
        assertTrue(bench.segments() <= 4, "segments: " + bench.segments());
        bench.kill();
        assertEquals("h".repeat(500), bench.content(held));
        assertEquals(List.of(), queue().claim(9, 0));
        assertEquals(1, admin().list(new Query(null, null, null, 100, null)).messages().size());
    }

    @Test
    void listIsNewestFirstInPages() throws Exception {
        bench.open();
        List<QueueId> ids = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            ids.add(bench.accept("message " + i));
        }
        Page first = admin().list(new Query(State.QUEUED, "A@EXAMPLE", "b@", 2, null));
        assertEquals(
                List.of(ids.get(4), ids.get(3)),
                first.messages().stream().map(MessageState::id).toList());
        Page second = admin().list(new Query(null, null, null, 3, first.next()));
        assertEquals(
                List.of(ids.get(2), ids.get(1), ids.get(0)),
                second.messages().stream().map(MessageState::id).toList());
        assertEquals(null, second.next());
        assertEquals(List.of(), admin().list(new Query(null, "nobody", null, 3, null)).messages());
    }

    @Test
    void idsGrowAfterRestartEvenWhenTheClockWentBack() throws Exception {
        bench.open();
        QueueId before = bench.accept("before");
        bench.advance(Duration.ofDays(-30));
        bench.restart();
        assertTrue(bench.accept("after").compareTo(before) > 0);
    }
}
