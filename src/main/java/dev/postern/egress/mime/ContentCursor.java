package dev.postern.egress.mime;

import dev.postern.egress.CommitGate;
import dev.postern.egress.CommitGate.BrokenOff;
import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// A message's content, of which any stretch can be read again and again, with one open stream
/// behind all of them: whoever reads forward goes on where it stands, whoever goes far back has it
/// opened anew. What is read is never kept but for two blocks, and a buffer per stretch.
///
/// Thread-safe, so that a call that was given up can't harm the next.
public final class ContentCursor implements MessageContent, AutoCloseable {

    private static final int BLOCK_BYTES = 16 * 1024;

    /// Who looks for a boundary goes back a little again and again: that must not open the stream
    /// anew.
    private static final int BLOCKS_KEPT = 2;

    /// For the messages of which much is held, of all egresses together: what one of them takes may
    /// be half of a small heap.
    private static final Semaphore TURN = new Semaphore(1);

    private final MessageContent content;
    private final CommitGate gate;
    private final byte[][] blocks = new byte[BLOCKS_KEPT][];
    private final long[] blockNumbers = new long[BLOCKS_KEPT];

    private @Nullable InputStream stream;
    private long nextBlock;
    private boolean hasTurn;
    private boolean closed;

    /// @param gate told when the message waits for its turn, in which it has no part
    public ContentCursor(MessageContent content, CommitGate gate) {
        this.content = content;
        this.gate = gate;
    }

    @Override
    public long sizeBytes() {
        return content.sizeBytes();
    }

    @Override
    public ContentTraits traits() {
        return content.traits();
    }

    @Override
    public InputStream open() {
        return whole();
    }

    /// Returns the whole content.
    Stretch whole() {
        return stretch(0, content.sizeBytes());
    }

    /// Returns the octets from one place up to another.
    Stretch stretch(long start, long end) {
        return new Stretch(this, start, end);
    }

    private synchronized int read(long from, byte[] to, int offset, int length) throws IOException {
        if (closed) {
            throw new IOException("the content is closed");
        }
        byte[] block = block(from / BLOCK_BYTES);
        int start = (int) (from % BLOCK_BYTES);
        if (start >= block.length) {
            throw new IOException("the content is shorter than its size");
        }
        int some = Math.min(length, block.length - start);
        System.arraycopy(block, start, to, offset, some);
        return some;
    }

    /// Returns a block, out of those kept or by reading on to it.
    private byte[] block(long number) throws IOException {
        for (int i = 0; i < BLOCKS_KEPT; i++) {
            byte[] kept = blocks[i];
            if (kept != null && blockNumbers[i] == number) {
                return kept;
            }
        }
        if (stream == null || number < nextBlock) {
            closeStream();
            InputStream opened = content.open();
            stream = opened;
            // Those that are in files pass over octets faster than they read them.
            opened.skipNBytes(Math.min(number * BLOCK_BYTES, content.sizeBytes()));
            nextBlock = number;
        }
        byte[] read = readNext();
        while (nextBlock <= number) {
            read = readNext();
        }
        return read;
    }

    private byte[] readNext() throws IOException {
        InputStream in = stream;
        if (in == null) {
            throw new IllegalStateException("the stream is opened before it is read");
        }
        int slot = (int) (nextBlock % BLOCKS_KEPT);
        byte[] read = blocks[slot];
        if (read == null || read.length < BLOCK_BYTES) {
            read = new byte[BLOCK_BYTES];
        }
        int filled = in.readNBytes(read, 0, BLOCK_BYTES);
        // What was there is overwritten, so the slot is this block's now, whole or not.
        byte[] block = filled == BLOCK_BYTES ? read : Arrays.copyOf(read, filled);
        blocks[slot] = block;
        blockNumbers[slot] = nextBlock;
        nextBlock++;
        return block;
    }

    private void closeStream() throws IOException {
        InputStream in = stream;
        stream = null;
        if (in != null) {
            in.close();
        }
    }

    /// Waits until no other message of which much is held in memory is on its way. This one has its
    /// turn until it is closed.
    ///
    /// @throws BrokenOff when the thread is interrupted meanwhile
    public void takeTurn() throws BrokenOff {
        if (hasTurn) {
            return;
        }
        hasTurn = TURN.tryAcquire();
        if (hasTurn) {
            return;
        }
        gate.waiting();
        try {
            TURN.acquire();
            hasTurn = true;
            gate.preparing();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new BrokenOff("interrupted");
        }
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        if (hasTurn) {
            hasTurn = false;
            TURN.release();
        }
        closeStream();
    }

    /// A stretch of the content as a stream. Closing it does nothing: the cursor is what is open.
    static final class Stretch extends InputStream {

        private static final int BUFFER_BYTES = 8 * 1024;

        private final ContentCursor cursor;
        private final long start;
        private final long end;
        private byte @Nullable [] buffer;
        private int at;
        private int filled;
        private long next;

        private Stretch(ContentCursor cursor, long start, long end) {
            this.cursor = cursor;
            this.start = start;
            this.end = end;
            this.next = start;
        }

        /// Returns the same stretch from its start.
        Stretch again() {
            return new Stretch(cursor, start, end);
        }

        @Override
        public int read() throws IOException {
            byte[] octets = fill();
            return octets == null ? -1 : octets[at++] & 0xFF;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, to.length);
            if (length == 0) {
                return 0;
            }
            byte[] octets = fill();
            if (octets == null) {
                return -1;
            }
            int some = Math.min(length, filled - at);
            System.arraycopy(octets, at, to, offset, some);
            at += some;
            return some;
        }

        private byte @Nullable [] fill() throws IOException {
            byte[] octets = buffer;
            if (octets != null && at < filled) {
                return octets;
            }
            if (next >= end) {
                return null;
            }
            if (octets == null) {
                octets = new byte[(int) Math.min(BUFFER_BYTES, end - start)];
                buffer = octets;
            }
            int some = cursor.read(next, octets, 0, (int) Math.min(octets.length, end - next));
            next += some;
            at = 0;
            filled = some;
            return octets;
        }

        @Override
        public long skip(long wanted) {
            long from = next - (filled - at);
            long to = Math.min(end, from + Math.max(wanted, 0));
            moveTo(to);
            return to - from;
        }

        private void moveTo(long place) {
            long bufferStart = next - filled;
            if (place >= bufferStart && place <= next) {
                at = (int) (place - bufferStart);
            } else {
                at = 0;
                filled = 0;
                next = place;
            }
        }
    }
}
