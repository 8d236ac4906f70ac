package dev.postern.spool;

import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.ReversePath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What a message costs in the journal and in the index, without its sync.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SpoolBenchmark {

    private static final int KNOWN = 100_000;
    private static final int SEGMENT_BYTES = 16 * 1024 * 1024;
    private static final byte[] CONTENT = new byte[4096];

    private final Instant now = Instant.parse("2026-11-30T12:00:00Z");
    private Path directory;
    private Journal journal;
    private MessageTable table;
    private DueQueues.DueHeap heap;
    private MessageState state;
    private byte[] encoded;
    private long id;

    @Setup
    public void setUp() throws IOException {
        directory = Files.createTempDirectory(Path.of("target"), "micro");
        FileDisk disk = new FileDisk();
        IndexFile file = new IndexFile(disk, directory);
        QueueIndex index = new QueueIndex(directory, file);
        Journal.Format format = new Journal.Format(1, false, SEGMENT_BYTES);
        journal = new Journal(disk, index, format, new Journal.Start(0, 0, 1), _ -> {});
        state =
                MessageState.queued(
                        index.nextId(now.toEpochMilli()),
                        new Envelope(
                                new ReversePath("app@example.org"),
                                List.of(new ForwardPath("user@example.net")),
                                false),
                        new Origin("127.0.0.1", "app.example.org", "ESMTP", null),
                        now,
                        new ContentTraits(false, false, 78),
                        "Your order");
        encoded = MessageStateCodec.encode(state);
        table = new MessageTable(file);
        heap = new DueQueues.DueHeap(table);
        for (int i = 0; i < KNOWN; i++) {
            enter();
        }
    }

    private void enter() {
        id = QueueId.next(now.toEpochMilli() + id / 10, id).value();
        int row = table.add(id);
        table.due(row, now.toEpochMilli());
        heap.add(row);
    }

    /// A message of 4 KiB with its accepted record, written each 256 KiB.
    @Benchmark
    public long append() throws IOException {
        long tail =
                journal.append(RecordHeader.Type.CONTENT, 1, 0, CONTENT, CONTENT.length);
        return journal.append(RecordHeader.Type.ACCEPTED, 1, tail, encoded, encoded.length);
    }

    @Benchmark
    public byte[] encode() {
        return MessageStateCodec.encode(state);
    }

    @Benchmark
    public MessageState decode() throws IOException {
        return MessageStateCodec.decode(state.id(), encoded);
    }

    /// The first of 100,000 messages goes, and a new one comes.
    @Benchmark
    public int enterAndForget() {
        int first = heap.first();
        heap.remove(first);
        table.remove(first);
        enter();
        return first;
    }

    @TearDown
    public void tearDown() throws IOException {
        journal.close();
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
