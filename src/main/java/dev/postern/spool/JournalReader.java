package dev.postern.spool;

import dev.postern.mail.QueueId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Reads single records of the journal, on any thread. Each call opens files of its own, because an
/// interrupt of a thread closes the channel it reads from.
final class JournalReader {

    private static final int MIN_POSITIONS = 16;

    private final Disk disk;
    private final Path directory;
    private final int mark;

    JournalReader(Disk disk, Path directory, int mark) {
        this.disk = disk;
        this.directory = directory;
        this.mark = mark;
    }

    DiskFile open(int segment) throws IOException {
        return disk.open(directory.resolve(Segment.name(segment)));
    }

    /// Reads a message's state.
    ///
    /// @throws IOException when there is no whole state of this message
    MessageState snapshot(long id, long position) throws IOException {
        try (DiskFile file = open(Position.segment(position))) {
            RecordHeader header = header(file, id, position);
            RecordType type = header.type();
            if (type == null || !type.isSnapshot()) {
                throw damage(id, position, "is no state");
            }
            return MessageStateCodec.decode(new QueueId(id), body(file, header, position));
        }
    }

    /// Reads the head of a record.
    ///
    /// @throws IOException when there is no whole one of this message
    RecordHeader header(DiskFile file, long id, long position) throws IOException {
        ByteBuffer octets = ByteBuffer.allocate(RecordHeader.BYTES);
        file.readFully(octets, Position.offset(position));
        RecordHeader header = RecordHeader.get(octets, 0, mark);
        if (header == null || header.id() != id) {
            throw damage(id, position, "is damaged");
        }
        return header;
    }

    /// Reads the body of a record.
    ///
    /// @throws IOException when it is not what was written
    byte[] body(DiskFile file, RecordHeader header, long position) throws IOException {
        byte[] body = new byte[header.length()];
        file.readFully(ByteBuffer.wrap(body), Position.offset(position) + RecordHeader.BYTES);
        if (RecordHeader.crc(body, 0, body.length) != header.bodyCrc()) {
            throw damage(header.id(), position, "is damaged");
        }
        return body;
    }

    /// Reads a piece of content.
    byte[] piece(long id, long position) throws IOException {
        try (DiskFile file = open(Position.segment(position))) {
            return body(file, header(file, id, position), position);
        }
    }

    /// Shows the heads of all whole records of a segment to `consumer`.
    void scan(Segment segment, Consumer<RecordHeader> consumer) throws IOException {
        int end = segment.endBytes();
        try (DiskFile file = open(segment.number())) {
            new SegmentScan(file, segment.number(), mark, end)
                    .run(
                            end,
                            new SegmentScan.Findings() {
                                @Override
                                public void record(RecordHeader header, long at, byte[] body) {
                                    consumer.accept(header);
                                }

                                @Override
                                public void damage(int from, int to, @Nullable RecordHeader head) {
                                    // The start found and reported it.
                                }
                            });
        }
    }

    /// Returns the positions of all pieces of a content, the first one first, found by their links
    /// from the last one.
    long[] pieces(long id, long tail) throws IOException {
        long[] found = new long[MIN_POSITIONS];
        int count = 0;
        int segment = 0;
        DiskFile file = null;
        try {
            for (long at = tail; at != Position.NONE; count++) {
                if (file == null || segment != Position.segment(at)) {
                    close(file);
                    file = null;
                    segment = Position.segment(at);
                    file = open(segment);
                }
                if (count == found.length) {
                    found = Arrays.copyOf(found, count * 2);
                }
                found[count] = at;
                long before = header(file, id, at).link();
                if (before >= at) {
                    throw damage(id, at, "links forward");
                }
                at = before;
            }
        } finally {
            close(file);
        }
        long[] pieces = new long[count];
        for (int i = 0; i < count; i++) {
            pieces[i] = found[count - 1 - i];
        }
        return pieces;
    }

    private static void close(@Nullable DiskFile file) throws IOException {
        if (file != null) {
            file.close();
        }
    }

    private static IOException damage(long id, long position, String what) {
        return new IOException(
                "the record of message "
                        + new QueueId(id)
                        + " at "
                        + Position.text(position)
                        + " "
                        + what);
    }
}
