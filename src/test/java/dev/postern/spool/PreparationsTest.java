package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.spool.DueQueue.Settlement;
import dev.postern.spool.Intakes.Intake;
import dev.postern.spool.QueueAdmin.Verb;
import dev.postern.spool.QueueAdmin.Verdict;
import dev.postern.testing.Await;
import dev.postern.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What ends the process while it is prepared, again and again, is held; nothing else is.
class PreparationsTest {

    private final SpoolBench bench = new SpoolBench(new MemoryDisk(1));
    private QueueId poison;

    @BeforeEach
    void openWithOne() throws Exception {
        bench.open();
        poison = bench.accept("poison");
    }

    private Spool spool() {
        return bench.spool();
    }

    private DueQueue queue() {
        return bench.queue();
    }

    private QueueAdmin admin() {
        return bench.admin();
    }

    /// Dies so often while it prepares what is due.
    private void die(int times) throws Exception {
        for (int i = 0; i < times; i++) {
            queue().claim(100, 0).forEach(message -> queue().preparing(message.id()));
            bench.kill();
        }
    }

    private String fate(QueueId id) {
        MessageState message = bench.message(id);
        Reason reason = message.recipients().getFirst().reason();
        return message.state().word() + (reason == null ? "" : " " + reason.word());
    }

    @Test
    void theThirdDeathHoldsIt() throws Exception {
        die(2);
        assertEquals("queued", fate(poison));
        die(1);
        assertEquals("held suspected", fate(poison));
        assertEquals(List.of(), queue().claim(9, 0));
        bench.kill();
        bench.powerCut();
        bench.restart();
        assertEquals("held suspected", fate(poison));
        String words = String.valueOf(bench.message(poison).recipients().getFirst().reply());
        assertTrue(words.contains("release tries it once more, alone"), words);
    }

    @Test
    void onlyAnOperatorsVerbForItFreesIt() throws Exception {
        die(3);
        assertEquals(0, queue().releaseAll());
        assertEquals(0, queue().hasten(Reason.SUSPECTED, bench.instant(), Integer.MAX_VALUE));
        assertEquals(0, admin().flush());
        assertEquals(Verdict.WRONG_STATE, admin().apply(Verb.HOLD, poison));
        assertEquals("held suspected", fate(poison));
        assertEquals(Verdict.DONE, admin().apply(Verb.RETRY, poison));
        assertEquals("queued", fate(poison));
    }

    @Test
    void whatWasReleasedHasOneMoreChanceWhateverComesBetween() throws Exception {
        for (Verb verb : List.of(Verb.RELEASE, Verb.RETRY)) {
            die(3);
            assertEquals(Verdict.DONE, admin().apply(verb, poison));
            bench.kill();
            bench.restart();
            die(1);
            assertEquals("held suspected", fate(poison));
        }
        assertEquals(Verdict.DONE, admin().apply(Verb.RELEASE, poison));
        MessageState claimed = bench.claim();
        queue().preparing(poison);
        queue().prepared(poison, true);
        queue().settle(poison, Mails.sent(claimed, bench.instant()));
        assertEquals(State.SENT, bench.message(poison).state());
    }

    /// A round may end while an egress still prepares the message, and nobody waits for that.
    @Test
    void strikesThatWereTakenAwayDoNotComeBack() throws Exception {
        die(2);
        MessageState claimed = bench.claim();
        queue().preparing(poison);
        queue().settle(poison, Mails.failed(claimed, bench.instant()));
        assertEquals(Verdict.DONE, admin().apply(Verb.RETRY, poison));
        bench.kill();
        assertEquals("queued", fate(poison));
    }

    @Test
    void aGoodRoundOrACleanStopClears() throws Exception {
        die(2);
        goesWell();
        bench.kill();
        die(2);
        assertEquals("queued", fate(poison));
        bench.restart();
        die(2);
        assertEquals("queued", fate(poison));
        die(1);
        assertEquals("held suspected", fate(poison));
    }

    /// Ends a round of the message that is next, which waits on.
    private void goesWell() {
        MessageState claimed = bench.claim();
        queue().preparing(claimed.id());
        queue().prepared(claimed.id(), true);
        queue().settle(
                        claimed.id(),
                        Mails.deferred(
                                claimed, Reason.RECIPIENT, bench.instant(), bench.instant()));
    }

    /// The next egress prepares it otherwise, and so it is with each that comes after one that did
    /// well.
    @Test
    void whatEndsTheProcessAtTheNextEgressOfItsRoundIsHeld() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertEquals("queued", fate(poison));
            bench.claim();
            queue().preparing(poison);
            queue().prepared(poison, true);
            queue().preparing(poison);
            bench.kill();
        }
        assertEquals("held suspected", fate(poison));
    }

    /// A round whose last preparation did not come to its end says nothing.
    @Test
    void aRoundThatEndsInMidPreparationClearsNothing() throws Exception {
        die(2);
        MessageState claimed = bench.claim();
        queue().preparing(poison);
        queue().prepared(poison, true);
        queue().preparing(poison);
        queue().prepared(poison, false);
        queue().settle(
                        poison,
                        Mails.deferred(
                                claimed, Reason.RECIPIENT, bench.instant(), bench.instant()));
        die(1);
        assertEquals("held suspected", fate(poison));
    }

    private long held() {
        return admin().status().messages().get(State.HELD);
    }

    /// As where there is too little memory for what each preparation needs.
    @Test
    void aProgramThatEndsWhateverItPreparesHoldsOneMessage() throws Exception {
        for (int i = 0; i < 9; i++) {
            bench.accept("innocent " + i);
        }
        for (int i = 0; i < 40; i++) {
            bench.advance(Claims.OTHERS_FIRST);
            // Each on a thread of its own; the first that goes ends it.
            List<MessageState> due = queue().claim(100, 0);
            if (i < 2) {
                due.forEach(message -> queue().preparing(message.id()));
            } else {
                queue().preparing(due.get(i % due.size()).id());
            }
            bench.kill();
        }
        assertEquals(1, held());
        bench.restart();
        assertEquals(1, held(), "what was held stays so");
        assertEquals(9, queue().claim(100, 0).size());
    }

    /// Copies of a message that ends the program are each held, once others went well between.
    @Test
    void oneThatIsUndecidedLetsOthersGoFirstAndIsHeldWhenTheyGoWell() throws Exception {
        QueueId copy = bench.accept("poison");
        die(2);
        bench.claim();
        queue().preparing(poison);
        bench.kill();
        assertEquals("held suspected", fate(poison));
        die(1);
        assertEquals("queued", fate(copy));
        assertEquals(List.of(), queue().claim(9, 0), "it lets others go first");
        QueueId innocent = bench.accept("innocent");
        goesWell();
        assertEquals("deferred recipient", fate(innocent));
        bench.advance(Claims.OTHERS_FIRST);
        queue().claim(9, 0)
                .forEach(message -> {
                    if (message.id().equals(copy)) {
                        queue().preparing(copy);
                    }
                });
        bench.kill();
        assertEquals("held suspected", fate(copy));
        assertEquals("held suspected", fate(poison));
    }

    @Test
    void aDeathWhileItWaitsIsNotItsOwn() throws Exception {
        for (int i = 0; i < 5; i++) {
            bench.claim();
            queue().preparing(poison);
            queue().prepared(poison, false);
            bench.kill();
        }
        assertEquals("queued", fate(poison));
        die(2);
        bench.kill();
        die(1);
        assertEquals("held suspected", fate(poison), "deaths of others forget no strike");
    }

    @Test
    void innocentsThatWerePreparedBesideItAreClearedOneByOne() throws Exception {
        List<QueueId> innocents = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            innocents.add(bench.accept("good " + i));
        }
        die(2);
        int deaths = 0;
        while (fate(poison).equals("queued")) {
            for (MessageState message : queue().claim(100, 0)) {
                queue().preparing(message.id());
                if (message.id().equals(poison)) {
                    deaths++;
                    bench.kill();
                    break;
                }
                queue().prepared(message.id(), true);
                queue().settle(message.id(), Mails.sent(message, bench.instant()));
            }
        }
        assertEquals(1, deaths);
        for (QueueId innocent : innocents) {
            assertFalse(fate(innocent).equals("held suspected"), fate(innocent));
        }
    }

    @Test
    void withoutItsFileOrWithADamagedOneNothingHasStrikes() throws Exception {
        die(2);
        bench.disk().delete(SpoolBench.HOME.resolve(Preparations.NAME));
        bench.kill();
        die(2);
        assertEquals("queued", fate(poison));
        try (Disk.File file =
                bench.disk().openToWrite(SpoolBench.HOME.resolve(Preparations.NAME))) {
            file.truncate(77);
        }
        bench.kill();
        die(2);
        assertEquals("queued", fate(poison));
        Seeds.forEach(
                20,
                random -> {
                    byte[] octets = new byte[Preparations.FILE_BYTES];
                    random.nextBytes(octets);
                    write(octets);
                    bench.kill();
                    assertEquals("queued", fate(poison));
                });
        die(2);
        assertEquals("queued", fate(poison));
        die(1);
        assertEquals("held suspected", fate(poison));
    }

    private void write(byte[] octets) throws Exception {
        try (Disk.File file =
                bench.disk().openToWrite(SpoolBench.HOME.resolve(Preparations.NAME))) {
            file.writeFully(ByteBuffer.wrap(octets), 0);
        }
    }

    @Test
    void aThousandAtOnceArePreparedThoughNotAllAreNoted() throws Exception {
        for (int i = 0; i < 1_000; i++) {
            queue().preparing(new QueueId(1 + i));
        }
        for (int i = 0; i < 1_000; i++) {
            queue().prepared(new QueueId(1 + i), i % 2 == 0);
        }
        die(3);
        assertEquals("held suspected", fate(poison));
    }

    @Test
    void whatIsToldBeforeTheSettlementOutlivesTheProcess() throws Exception {
        Intake intake = bench.begin("to three");
        String[] to = {"a@example.net", "b@example.net", "c@example.net"};
        intake.commit(Mails.queued(intake.id(), "a@example.org", bench.instant(), to));
        spool().step();
        QueueId id = intake.id();
        MessageState claimed = queue().claim(2, 0).getLast();
        queue().committing(id);
        Settlement all = Mails.sent(claimed, bench.instant());
        Settlement first =
                new Settlement(
                        0, all.attempts(), all.recipients().subList(0, 1), bench.instant(), false);
        queue().progress(id, first);
        spool().step();
        assertEquals(State.SENDING, bench.message(id).state());
        assertTrue(queue().claim(9, 0).isEmpty(), "it stays claimed");
        bench.kill();
        MessageState again = bench.message(id);
        assertEquals(State.SENT, again.recipients().getFirst().state());
        assertEquals(2, again.unfinished().size());
        assertTrue(again.possibleDuplicate());
        assertEquals(1, admin().find(id).orElseThrow().attempts().size());
        queue().claim(9, 0);
        Settlement rest =
                new Settlement(
                        1, List.of(), all.recipients().subList(1, 3), bench.instant(), false);
        queue().settle(id, rest);
        spool().step();
        bench.kill();
        assertEquals(State.SENT, bench.message(id).state());
    }

    /// What comes from the caller's thread then must not touch what is the writer's.
    @Test
    void intakesEndWellWhateverTheWriterDoesWhenTheSpoolCloses() throws Exception {
        Spool threaded =
                Spool.open(
                        SpoolBench.config(0, 0),
                        bench,
                        new MemoryDisk(2),
                        _ -> {},
                        new Spool.Options(64 * 1024, "boot-1", 42, true));
        List<Intake> intakes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Intake intake = threaded.intakes().receive();
            intake.write(Mails.octets("x".repeat(IntakeRegistry.PIECE_BYTES)));
            intakes.add(intake);
        }
        threaded.close();
        MessageState acceptance =
                Mails.queued(
                        intakes.get(0).id(), "a@example.org", bench.instant(), "b@example.net");
        CompletionException refused =
                assertThrows(
                        CompletionException.class,
                        () -> intakes.get(0).commit(acceptance).toCompletableFuture().join());
        assertEquals(SpoolException.Kind.CLOSED, ((SpoolException) refused.getCause()).kind());
        intakes.get(1).abort();
        intakes.get(2).write(Mails.octets("y".repeat(IntakeRegistry.PIECE_BYTES)));
        assertTrue(
                intakes.get(2)
                        .stage(acceptance.message().traits())
                        .toCompletableFuture()
                        .isCompletedExceptionally());
    }

    @Test
    void whatMustBeAloneWaitsForTheOthersAndTheyForIt() throws Exception {
        QueueId before = bench.accept("before");
        die(2);
        QueueId after = bench.accept("after");
        queue().preparing(after);
        Thread lone = Thread.ofVirtual().start(() -> queue().preparing(poison));
        Await.until("it waits", () -> isWaiting(lone));
        Thread second = Thread.ofVirtual().start(() -> queue().preparing(before));
        Await.until("the next suspect waits", () -> isWaiting(second));
        queue().prepared(after, true);
        Await.until("one is alone", () -> !lone.isAlive() || !second.isAlive());
        boolean poisonFirst = !lone.isAlive();
        Thread other = poisonFirst ? second : lone;
        Thread third = Thread.ofVirtual().start(() -> queue().preparing(after));
        Await.until("others wait for it", () -> isWaiting(third) && isWaiting(other));
        queue().prepared(poisonFirst ? poison : before, true);
        Await.until("the other suspect is alone", () -> !other.isAlive());
        assertTrue(third.isAlive());
        queue().prepared(poisonFirst ? before : poison, true);
        third.join();
    }

    private static boolean isWaiting(Thread thread) {
        return thread.getState() == Thread.State.TIMED_WAITING;
    }
}
