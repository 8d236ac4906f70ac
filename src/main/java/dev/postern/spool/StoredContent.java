package dev.postern.spool;

import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Content in the journal, piece by piece. No octet of a piece is given out before its CRC was
/// found right.
///
/// While a stream is open, the segments that it reads from stay.
final class StoredContent implements MessageContent {

    private final JournalReader reader;
    private final QueueIndex queueIndex;
    private final QueueId id;
    private final long sizeBytes;
    private final ContentTraits traits;
    private final Supplier<QueueIndex.@Nullable Place> pinned;

    /// @param pinned finds where the content is now and pins it in the index; gives null when it is
    ///   gone
    StoredContent(
            JournalReader reader,
            QueueIndex queueIndex,
            QueueId id,
            long sizeBytes,
            ContentTraits traits,
            Supplier<QueueIndex.@Nullable Place> pinned) {
        this.reader = reader;
        this.queueIndex = queueIndex;
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
            return new Pieces(place, reader.pieces(id.value(), place.tail()));
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
        private @Nullable DiskFile file;
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
                file = reader.open(segment);
            }
            piece = reader.body(file, reader.header(file, id.value(), position), position);
            at = 0;
        }

        private void closeFile() throws IOException {
            DiskFile open = file;
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
