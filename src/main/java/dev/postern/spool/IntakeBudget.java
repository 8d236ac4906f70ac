package dev.postern.spool;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Bounds the content that waits in memory for the [Writer], whatever the size of messages and the
/// number of intakes.
final class IntakeBudget {

    /// Octets of one intake that may wait for the writer.
    static final int INTAKE_BYTES = 64 * 1024;

    /// Octets of all intakes that may wait for the writer.
    static final long ALL_BYTES = 4 * 1024 * 1024;

    /// Octets of a piece of content at most.
    static final int PIECE_BYTES = 32 * 1024;

    /// Octets of a piece when many intakes are open.
    static final int SMALL_PIECE_BYTES = 8 * 1024;

    private static final int MANY_INTAKES = 64;

    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicInteger intakes = new AtomicInteger();
    private final Queue<JournalIntake> full = new ConcurrentLinkedQueue<>();

    void opened() {
        intakes.incrementAndGet();
    }

    void closed() {
        int left = intakes.decrementAndGet();
        assert left >= 0;
    }

    /// Returns how large pieces of content should be now.
    int pieceBytes() {
        return intakes.get() > MANY_INTAKES ? SMALL_PIECE_BYTES : PIECE_BYTES;
    }

    void add(long bytes) {
        waitingBytes.addAndGet(bytes);
    }

    boolean hasRoom() {
        return waitingBytes.get() < ALL_BYTES;
    }

    long waitingBytes() {
        return waitingBytes.get();
    }

    /// Tells an intake when it may go on.
    ///
    /// @return false when it may go on at once
    boolean await(JournalIntake intake) {
        full.add(intake);
        return !(intake.hasRoom() && full.remove(intake));
    }

    /// Tells those that may go on.
    void release() {
        for (int left = full.size(); left > 0; left--) {
            JournalIntake intake = full.poll();
            if (intake == null) {
                return;
            }
            if (intake.hasRoom()) {
                intake.writable();
            } else {
                full.add(intake);
            }
        }
    }
}
