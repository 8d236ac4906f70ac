package dev.postern.spool;

import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads states and contents of messages from the journal, on any thread. Each call opens files of
/// its own, because an interrupt of a thread closes the channel it reads from.
record JournalReader(Disk disk, int mark, QueueIndex queueIndex) {

    private static final Logger log = LoggerFactory.getLogger(JournalReader.class);

    private Disk.File open(int segment) throws IOException {
        return disk.open(queueIndex.directory().resolve(Segment.name(segment)));
    }

    /// Finds a message's newest state, in memory or on disk, where it may move meanwhile.
    ///
    /// @param start where it was found
    /// @throws IOException when it can't be read, or the message has gone
    MessageState load(long id, QueueIndex.Found start) throws IOException {
        try (OpenSegment open = new OpenSegment()) {
            return load(id, start, open);
        }
    }

    /// The same for one of many messages.
    ///
    /// @param open stays open for the next one
    MessageState load(long id, QueueIndex.Found start, OpenSegment open) throws IOException {
        QueueIndex.Found found = start;
        while (true) {
            MessageState cached = found.state();
            if (cached != null) {
                return cached;
            }
            try {
                return read(id, found.head(), open);
            } catch (IOException e) {
                QueueIndex.Found again = queueIndex.find(id);
                if (again == null || (again.head() == found.head() && again.state() == null)) {
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
        return new StoredContent(
                this, id, state.message().sizeBytes(), state.message().traits(), pinned);
    }

    /// Returns content that is no message.
    MessageContent staged(
            QueueId id, QueueIndex.Place place, long sizeBytes, ContentTraits traits) {
        Supplier<QueueIndex.@Nullable Place> pinned =
                () -> {
                    queueIndex.pin(place, 1);
                    return place;
                };
        return new StoredContent(this, id, sizeBytes, traits, pinned);
    }

    /// Reads a message's state.
    ///
    /// @throws IOException when there is no whole state of this message
    private MessageState read(long id, long position, OpenSegment open) throws IOException {
        Disk.File file = open.at(position);
        RecordHeader header = header(file, id, position);
        RecordHeader.Type type = header.type();
        if (type == null || !type.isState()) {
            throw damage(id, position, "is no state");
        }
        return MessageStateCodec.decode(new QueueId(id), body(file, header, position));
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
        if (RecordHeader.crc(body, body.length) != header.bodyCrc()) {
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
            // Damage was found and reported at the start.
            new SegmentScan(file, segment.number(), mark, end)
                    .run(end, (header, _, _) -> consumer.accept(header));
        }
    }

    /// Returns the positions of all pieces of a content, the first one first, found by their links
    /// from the last one.
    long[] pieces(long id, long tail) throws IOException {
        try (OpenSegment open = new OpenSegment()) {
            return pieces(id, tail, open);
        }
    }

    private long[] pieces(long id, long tail, OpenSegment open) throws IOException {
        LongStream.Builder found = LongStream.builder();
        long at = tail;
        while (at != Position.NONE) {
            found.add(at);
            long before = header(open.at(at), id, at).link();
            if (before >= at) {
                throw damage(id, at, "links forward");
            }
            at = before;
        }
        long[] pieces = found.build().toArray();
        for (int i = 0, j = pieces.length - 1; i < j; i++, j--) {
            long piece = pieces[i];
            pieces[i] = pieces[j];
            pieces[j] = piece;
        }
        return pieces;
    }

    /// The segment file that was read from last, open until another one is.
    final class OpenSegment implements Closeable {

        private int segment;
        private Disk.@Nullable File file;

        Disk.File at(long position) throws IOException {
            Disk.File open = file;
            if (open == null || segment != Position.segment(position)) {
                close();
                segment = Position.segment(position);
                open = JournalReader.this.open(segment);
                file = open;
            }
            return open;
        }

        @Override
        public void close() throws IOException {
            Disk.File open = file;
            file = null;
            if (open != null) {
                open.close();
            }
        }
    }

    /// Reads content that is one piece, as that of most messages, in one go.
    ///
    /// @param sizeBytes of the whole content
    /// @return null when the last piece is not all of it
    private byte @Nullable [] onlyPiece(long id, long tail, int sizeBytes, OpenSegment open)
            throws IOException {
        byte[] octets = new byte[RecordHeader.BYTES + sizeBytes];
        ByteBuffer record = ByteBuffer.wrap(octets);
        try {
            open.at(tail).readFully(record, Position.offset(tail));
        } catch (EOFException _) {
            return null;
        }
        RecordHeader header = RecordHeader.get(record, 0, mark);
        boolean whole =
                header != null
                        && header.id() == id
                        && header.link() == Position.NONE
                        && header.length() == sizeBytes
                        && RecordHeader.crc(record, RecordHeader.BYTES, sizeBytes)
                                == header.bodyCrc();
        return whole ? octets : null;
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
    ///
    /// @param pinned finds where the content is now and pins it in the index; gives null when it is
    ///   gone
    private record StoredContent(
            JournalReader reader,
            QueueId id,
            long sizeBytes,
            ContentTraits traits,
            Supplier<QueueIndex.@Nullable Place> pinned)
            implements MessageContent {

        @Override
        public InputStream open() throws IOException {
            QueueIndex.Place place = pinned.get();
            if (place == null) {
                throw new IOException("the octets of message " + id + " are gone");
            }
            OpenSegment open = reader.new OpenSegment();
            try {
                if (sizeBytes > 0 && sizeBytes <= IntakeRegistry.PIECE_BYTES) {
                    int size = (int) sizeBytes;
                    byte[] only = reader.onlyPiece(id.value(), place.tail(), size, open);
                    if (only != null) {
                        open.close();
                        reader.queueIndex.pin(place, -1);
                        return new ByteArrayInputStream(only, RecordHeader.BYTES, size);
                    }
                }
                return new Pieces(place, reader.pieces(id.value(), place.tail(), open), open);
            } catch (IOException | RuntimeException | Error e) {
                reader.queueIndex.pin(place, -1);
                open.close();
                throw e;
            }
        }

        private final class Pieces extends InputStream {

            private final QueueIndex.Place place;
            private final long[] positions;
            private int next;
            private final OpenSegment open;
            private byte[] piece = {};
            private int at;
            private long left = sizeBytes;
            private boolean closed;

            private Pieces(QueueIndex.Place place, long[] positions, OpenSegment open) {
                this.place = place;
                this.positions = positions;
                this.open = open;
            }

            @Override
            public int read() throws IOException {
                byte[] octet = new byte[1];
                return read(octet) < 0 ? -1 : octet[0] & 0xFF;
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
                    long position = positions[next++];
                    Disk.File file = open.at(position);
                    piece = reader.body(file, reader.header(file, id.value(), position), position);
                    at = 0;
                }
                boolean more = at < piece.length;
                if (more ? left <= 0 : left != 0) {
                    throw new IOException("the content of message " + id + " has not its size");
                }
                return more;
            }

            @Override
            public void close() throws IOException {
                if (!closed) {
                    closed = true;
                    reader.queueIndex.pin(place, -1);
                    open.close();
                }
            }
        }
    }
}
