package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.ReversePath;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.OutcomeClass;
import dev.postern.spool.QueueAdmin.Query;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// A journal of format version 1, kept for ever: every later program must read it as this one does.
class GoldenJournalTest {

    private static final String RESOURCE = "/spool/v1-golden.journal";
    private static final int MARK = 0x1BADCAFE;
    private static final Instant RECEIVED = Instant.parse("2026-11-22T09:00:00Z");
    private static final String CONTENT = "Subject: Gr\u00fc\u00dfe\r\n\r\nbody\r\n";
    private static final byte[] NOTHING = {};

    private static byte[] golden() throws IOException {
        try (InputStream file = GoldenJournalTest.class.getResourceAsStream(RESOURCE)) {
            assertNotNull(file, RESOURCE);
            return file.readAllBytes();
        }
    }

    private static SpoolBench open() throws IOException {
        MemoryDisk disk = new MemoryDisk(1);
        disk.put(SpoolBench.HOME.resolve(Segment.name(1)), golden());
        return new SpoolBench(disk).open();
    }

    @Test
    void isReadAsItWasWritten() throws IOException {
        SpoolBench bench = open();
        MessageState deferred = twice(full(id(0), State.DEFERRED, Reason.RECIPIENT));
        assertEquals(deferred, bench.message(id(0)));
        assertEquals(CONTENT.repeat(2), bench.content(id(0)));
        assertEquals(State.HELD, bench.message(id(1)).state());
        assertEquals(State.SENT, bench.message(id(2)).state());
        assertEquals(State.QUEUED, bench.message(id(3)).state());
        assertTrue(bench.message(id(3)).possibleDuplicate());
        assertEquals(CONTENT, bench.content(id(3)));
        assertEquals(State.QUEUED, bench.message(id(4)).state());
        assertTrue(bench.admin().find(id(5)).isEmpty());
        assertEquals(
                5, bench.admin().list(new Query(null, null, null, 10, null)).messages().size());
    }

    private static QueueId id(int number) {
        return new QueueId(QueueId.next(RECEIVED.toEpochMilli(), 0).value() + number);
    }

    @Test
    void hasEveryTypeOfRecord() throws IOException {
        MemoryDisk disk = new MemoryDisk(1);
        disk.put(SpoolBench.HOME, golden());
        Set<RecordHeader.Type> types = EnumSet.noneOf(RecordHeader.Type.class);
        try (Disk.File file = disk.open(SpoolBench.HOME)) {
            int end = (int) file.sizeBytes();
            new SegmentScan(file, 1, MARK, end)
                    .run(
                            end,
                            new SegmentScan.Findings() {
                                @Override
                                public void record(RecordHeader header, long at, byte[] body) {
                                    types.add(header.type());
                                }

                                @Override
                                public void damage(int from, int to, RecordHeader header) {
                                    throw new AssertionError("damage at " + from);
                                }
                            });
        }
        assertEquals(EnumSet.allOf(RecordHeader.Type.class), types);
    }

    @Test
    void isWrittenTheSameToday() throws IOException {
        assertEquals(
                new String(golden(), StandardCharsets.ISO_8859_1),
                new String(write(), StandardCharsets.ISO_8859_1));
    }

    /// A state with something in every field.
    private static MessageState full(QueueId id, State state, Reason reason) {
        List<ForwardPath> paths =
                List.of(new ForwardPath("b@example.net"), new ForwardPath("\u00fc@example.net"));
        Attempt attempt =
                new Attempt(
                        RECEIVED.plusSeconds(1),
                        "relay",
                        OutcomeClass.DEFERRED,
                        "450 4.2.1 later",
                        Duration.ofMillis(1234),
                        paths,
                        List.of("8-bit octets"));
        List<Recipient> recipients = new ArrayList<>();
        recipients.add(new Recipient(paths.get(0), state, reason, "450 4.2.1 later", "relay"));
        recipients.add(new Recipient(paths.get(1), State.SENT, null, "250 ok", "other"));
        MessageState.Message message =
                new MessageState.Message(
                        id,
                        new Envelope(new ReversePath("a@example.org"), paths, true),
                        new Origin("127.0.0.1", "app.local", "UTF8SMTPA", "user"),
                        RECEIVED,
                        CONTENT.getBytes(StandardCharsets.UTF_8).length,
                        new ContentTraits(true, true, 15),
                        "Gr\u00fc\u00dfe");
        return new MessageState(
                message,
                RECEIVED.plusSeconds(5),
                RECEIVED.plusSeconds(90),
                recipients,
                List.of(attempt),
                3,
                state == State.SENT ? Set.of() : Set.of(MessageState.Mark.CONTENT));
    }

    private static MessageState twice(MessageState once) {
        MessageState.Message message =
                new MessageState.Message(
                        once.id(),
                        once.envelope(),
                        once.message().origin(),
                        once.message().received(),
                        once.message().sizeBytes() * 2,
                        once.message().traits(),
                        once.message().subject());
        return new MessageState(
                message,
                once.ageFrom(),
                once.due(),
                once.recipients(),
                once.attempts(),
                once.attemptCount(),
                once.marks());
    }

    private static byte[] write() throws IOException {
        MemoryDisk disk = new MemoryDisk(1);
        QueueIndex queueIndex =
                new QueueIndex(SpoolBench.HOME, new IndexFile(disk, SpoolBench.HOME));
        Journal journal =
                new Journal(
                        disk,
                        queueIndex,
                        new Journal.Format(MARK, true, 1 << 20),
                        new Journal.Start(0, 0, 1),
                        _ -> {});
        Golden golden = new Golden(journal);
        golden.content(0);
        golden.state(RecordHeader.Type.ACCEPTED, full(id(0), State.QUEUED, null));
        journal.sync();
        golden.tails[0] = Position.NONE;
        golden.content(0);
        golden.content(0);
        golden.state(RecordHeader.Type.COPIED, twice(full(id(0), State.QUEUED, null)));
        golden.state(
                RecordHeader.Type.SETTLED, twice(full(id(0), State.DEFERRED, Reason.RECIPIENT)));
        for (int number = 1; number <= 5; number++) {
            golden.content(number);
            golden.state(RecordHeader.Type.ACCEPTED, full(id(number), State.QUEUED, null));
        }
        golden.state(RecordHeader.Type.HELD, full(id(1), State.HELD, Reason.OPERATOR));
        golden.state(RecordHeader.Type.DONE, full(id(2), State.SENT, null));
        golden.plain(RecordHeader.Type.COMMITTING, 3, 0);
        golden.state(RecordHeader.Type.RELEASED, full(id(4), State.QUEUED, null));
        golden.state(RecordHeader.Type.RETRIED, full(id(4), State.QUEUED, null));
        golden.plain(RecordHeader.Type.REMOVED, 5, 1L << Integer.SIZE | 1);
        journal.sync();
        return disk.octets(SpoolBench.HOME.resolve(Segment.name(1)));
    }

    private static final class Golden {

        private final Journal journal;
        private final long[] tails = new long[6];

        private Golden(Journal journal) {
            this.journal = journal;
        }

        private void content(int number) throws IOException {
            byte[] octets = CONTENT.getBytes(StandardCharsets.UTF_8);
            long id = id(number).value();
            tails[number] =
                    journal.append(
                            RecordHeader.Type.CONTENT, id, tails[number], octets, octets.length);
        }

        private void state(RecordHeader.Type type, MessageState state) throws IOException {
            byte[] body = MessageStateCodec.encode(state);
            int number = (int) (state.id().value() - id(0).value());
            long link = state.hasContent() ? tails[number] : Position.NONE;
            journal.append(type, state.id().value(), link, body, body.length);
        }

        private void plain(RecordHeader.Type type, int number, long link) throws IOException {
            journal.append(type, id(number).value(), link, NOTHING, 0);
        }
    }

    /// Writes the golden file: once for each version of the format, never again.
    public static void main(String[] args) throws IOException {
        Files.write(Path.of(args[0]), write());
    }
}
