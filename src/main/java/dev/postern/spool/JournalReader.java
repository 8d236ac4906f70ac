package dev.postern.spool;

import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads states and contents of messages from the journal, on any thread. Each call opens files of
/// its own, because an interrupt of a thread closes the channel it reads from.
final class JournalReader {

    private static final Logger log = LoggerFactory.getLogger(JournalReader.class);
    private static final int MIN_POSITIONS = 16;

    private final Disk disk;
    private final int mark;
    private final QueueIndex queueIndex;

    JournalReader(Disk disk, int mark, QueueIndex queueIndex) {
        this.disk = disk;
        this.mark = mark;
        this.queueIndex = queueIndex;
    }

    private Disk.File open(int segment) throws IOException {
        return disk.open(queueIndex.directory().resolve(Segment.name(segment)));
    }

    /// Finds a message's newest state, in memory or on disk, where it may move meanwhile.
    ///
    /// @param start where it was found
    /// @throws IOException when it can't be read, or the message has gone
    MessageState load(long id, QueueIndex.Found start) throws IOException {
        QueueIndex.Found found = start;
        while (true) {
            MessageState recent = found.snapshot();
            if (recent != null) {
                return recent;
            }
            try {
                return snapshot(id, found.head());
            } catch (IOException e) {
                QueueIndex.Found again = queueIndex.find(id);
                if (again == null || (again.head() == found.head() && again.snapshot() == null)) {
                    throw e;
                }
                found = again;
            }
        }
    }

    /// Returns a message's state as `view` has it; empty when it is unknown, or can't be read,
    /// which is logged.
    <T> Optional<T> find(QueueId id, BiFunction<MessageState, QueueIndex.Found, @Nullable T> view) {
        QueueIndex.Found found = queueIndex.find(id.value());
        if (found == null) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(view.apply(load(id.value(), found), found));
        } catch (IOException e) {
            report(id, e);
            return Optional.empty();
        }
    }

    static void report(QueueId id, IOException trouble) {
        log.atError().setCause(trouble).addKeyValue("id", id).log("message can't be read");
    }

    /// Returns the octets of a message; empty when it is unknown or its octets are gone.
    Optional<MessageContent> content(QueueId id) {
        return find(id, (state, _) -> state.hasContent() ? content(state) : null);
    }

    private MessageContent content(MessageState state) {
        QueueId id = state.id();
        Supplier<QueueIndex.@Nullable Place> pinned = () -> queueIndex.pinContent(id.value());
        return new StoredContent(id, state.sizeBytes(), state.traits(), pinned);
    }

    /// Returns content that is no message.
    MessageContent staged(
            QueueId id, QueueIndex.Place place, long sizeBytes, ContentTraits traits) {
        return new StoredContent(
                id,
                sizeBytes,
                traits,
                () -> {
                    queueIndex.pin(place);
                    return place;
                });
    }

    /// Reads a message's state.
    ///
    /// @throws IOException when there is no whole state of this message
    private MessageState snapshot(long id, long position) throws IOException {
        try (Disk.File file = open(Position.segment(position))) {
            RecordHeader header = header(file, id, position);
            RecordHeader.Type type = header.type();
            if (type == null || !type.isSnapshot()) {
                throw damage(id, position, "is no state");
            }
            return MessageStateCodec.decode(new QueueId(id), body(file, header, position));
        }
    }

    /// Reads the head of a record.
    ///
    /// @throws IOException when there is no whole one of this message
    private RecordHeader header(Disk.File file, long id, long position) throws IOException {
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
    private byte[] body(Disk.File file, RecordHeader header, long position) throws IOException {
        byte[] body = new byte[header.length()];
        file.readFully(ByteBuffer.wrap(body), Position.offset(position) + RecordHeader.BYTES);
        if (RecordHeader.crc(body, 0, body.length) != header.bodyCrc()) {
            throw damage(header.id(), position, "is damaged");
        }
        return body;
    }

    /// Reads a piece of content.
    byte[] piece(long id, long position) throws IOException {
        try (Disk.File file = open(Position.segment(position))) {
            return body(file, header(file, id, position), position);
        }
    }

    /// Shows the heads of all whole records of a segment to `consumer`.
    void scan(Segment segment, Consumer<RecordHeader> consumer) throws IOException {
        int end = segment.endBytes();
        try (Disk.File file = open(segment.number())) {
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
        Disk.File file = null;
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

    private static void close(Disk.@Nullable File file) throws IOException {
        if (file != null) {
            file.close();
        }
    }

    private static IOException damage(long id, long position, String what) {
        return new IOException(
                "the record of message %s at %s %s"
                        .formatted(new QueueId(id), Position.text(position), what));
    }

    /// Content in the journal, piece by piece. No octet of a piece is given out before its CRC was
    /// found right.
    ///
    /// While a stream is open, the segments that it reads from stay.
    private final class StoredContent implements MessageContent {

        private final QueueId id;
        private final long sizeBytes;
        private final ContentTraits traits;
        private final Supplier<QueueIndex.@Nullable Place> pinned;

        /// @param pinned finds where the content is now and pins it in the index; gives null when
        ///   it is gone
        private StoredContent(
                QueueId id,
                long sizeBytes,
                ContentTraits traits,
                Supplier<QueueIndex.@Nullable Place> pinned) {
            this.id = id;
            this.sizeBytes = sizeBytes;
            this.traits = traits;
            this.pinned = pinned;
        }

        @Override
        public long sizeBytes() {
            return sizeBytes;
        }

        @Override
        public ContentTraits traits() {
            return traits;
        }

        @Override
        public InputStream open() throws IOException {
            QueueIndex.Place place = pinned.get();
            if (place == null) {
                throw new IOException("the octets of message " + id + " are gone");
            }
            try {
                return new Pieces(place, pieces(id.value(), place.tail()));
            } catch (IOException | RuntimeException | Error e) {
                queueIndex.unpin(place);
                throw e;
            }
        }

        private final class Pieces extends InputStream {

            private final QueueIndex.Place place;
            private final long[] positions;
            private int next;
            private int segment;
            private Disk.@Nullable File file;
            private byte[] piece = {};
            private int at;
            private long left = sizeBytes;
            private boolean closed;

            private Pieces(QueueIndex.Place place, long[] positions) {
                this.place = place;
                this.positions = positions;
            }

            @Override
            public int read() throws IOException {
                if (!fill()) {
                    return -1;
                }
                left--;
                return piece[at++] & 0xFF;
            }

            @Override
            public int read(byte[] to, int offset, int length) throws IOException {
                Objects.checkFromIndexSize(offset, length, to.length);
                if (length == 0) {
                    return 0;
                }
                if (!fill()) {
                    return -1;
                }
                int some = Math.min(length, piece.length - at);
                System.arraycopy(piece, at, to, offset, some);
                at += some;
                left -= some;
                return some;
            }

            @Override
            public int available() {
                return piece.length - at;
            }

            private boolean fill() throws IOException {
                if (closed) {
                    throw new IOException("the stream is closed");
                }
                while (at == piece.length && next < positions.length) {
                    load(positions[next++]);
                }
                boolean more = at < piece.length;
                if (more ? left <= 0 : left != 0) {
                    throw new IOException("the content of message " + id + " has not its size");
                }
                return more;
            }

            private void load(long position) throws IOException {
                if (file == null || segment != Position.segment(position)) {
                    closeFile();
                    segment = Position.segment(position);
                    file = JournalReader.this.open(segment);
                }
                piece = body(file, header(file, id.value(), position), position);
                at = 0;
            }

            private void closeFile() throws IOException {
                Disk.File open = file;
                file = null;
                if (open != null) {
                    open.close();
                }
            }

            @Override
            public void close() throws IOException {
                if (!closed) {
                    closed = true;
                    queueIndex.unpin(place);
                    closeFile();
                }
            }
        }
    }
}
