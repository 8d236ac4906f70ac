package dev.postern.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Memory for what the [QueueIndex] knows of each message, so that neither the heap nor the memory
/// of a container bounds the length of a queue: pieces of [#PIECE_BYTES], the first few in the
/// heap, all others in a file that is mapped into memory. Its pages are the system's to write out
/// and to read again when memory is short.
///
/// The file is disposable: every start makes it anew, nothing of it is ever synced. It is there
/// once a queue is longer than some ten thousand messages, and keeps its size until the program
/// ends.
///
/// *Diagnostics*: when the disk has no room for the file, pieces come from the heap, which is
/// logged; after [#REFUSED_PIECES] more of them the disk is asked again. A page that the disk can't
/// read back is an `InternalError` of whoever looks at it, as with any file that is mapped.
///
/// Limits: [#EXTENT_BYTES] are added at a time, under the monitor of the [QueueIndex], which guards
/// this too; a message takes some 112 octets.
final class IndexFile {

    static final String NAME = "queue-index";

    /// Octets of a piece.
    static final int PIECE_BYTES = 64 * 1024;

    /// Octets by which the file grows.
    static final int EXTENT_BYTES = 16 * PIECE_BYTES;

    /// So many pieces come from the heap: those of 14,000 messages or so.
    static final int HEAP_PIECES = 24;

    /// So many pieces come from the heap before a disk that had no room is asked again.
    private static final int REFUSED_PIECES = 16;

    private static final Logger log = LoggerFactory.getLogger(IndexFile.class);

    private final Disk disk;
    private final Path directory;
    private final Deque<ByteBuffer> free = new ArrayDeque<>();
    private int heapPieces;
    private long sizeBytes;
    private int refusedPieces;

    IndexFile(Disk disk, Path directory) {
        this.disk = disk;
        this.directory = directory;
    }

    /// Removes the file: what a run before this one left, or what this one does not need any more.
    void remove() throws IOException {
        if (disk.list(directory).contains(NAME)) {
            disk.delete(directory.resolve(NAME));
        }
    }

    /// Returns a piece, whatever is in it, which is the caller's until [#give].
    ByteBuffer take() {
        ByteBuffer piece = takeSpare();
        return piece == null ? ByteBuffer.allocate(PIECE_BYTES) : piece;
    }

    /// Returns a piece unless that would take more of the heap than there is to spare: null when
    /// the disk has no room.
    @Nullable ByteBuffer takeSpare() {
        if (free.isEmpty()) {
            if (heapPieces < HEAP_PIECES) {
                heapPieces++;
                return ByteBuffer.allocate(PIECE_BYTES);
            }
            if (refusedPieces == 0) {
                extend();
            } else {
                refusedPieces--;
            }
        }
        return free.poll();
    }

    /// Takes a piece back.
    void give(ByteBuffer piece) {
        free.push(piece);
    }

    private void extend() {
        Path file = directory.resolve(NAME);
        try {
            // Written, not left as a hole: a page of a mapped hole that finds no room kills the
            // process.
            try (Disk.File open = disk.openOrCreate(directory, NAME)) {
                lengthen(open);
            }
            ByteBuffer extent = disk.map(file, sizeBytes, EXTENT_BYTES);
            for (int at = 0; at < EXTENT_BYTES; at += PIECE_BYTES) {
                free.add(extent.slice(at, PIECE_BYTES));
            }
            sizeBytes += EXTENT_BYTES;
        } catch (IOException e) {
            refusedPieces = REFUSED_PIECES;
            log.atWarn()
                    .setCause(e)
                    .addKeyValue("file", file)
                    .log("no room for the queue's index on disk: it takes the heap's");
        }
    }

    private void lengthen(Disk.File open) throws IOException {
        try {
            ByteBuffer zeros = ByteBuffer.allocate(PIECE_BYTES);
            for (int done = 0; done < EXTENT_BYTES; done += PIECE_BYTES) {
                open.writeFully(zeros.clear(), sizeBytes + done);
            }
        } catch (IOException e) {
            // What is left of the room is the journal's.
            open.truncate(sizeBytes);
            throw e;
        }
    }
}
