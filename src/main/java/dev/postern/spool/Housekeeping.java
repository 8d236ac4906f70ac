package dev.postern.spool;

import java.io.IOException;

/// What the [Writer] does besides writing: after each batch and every second.
final class Housekeeping {

    /// Octets that may be written before the disk's room is looked at again.
    private static final long LOOK_AFTER_BYTES = 16 * 1024 * 1024;

    private final DiskSpace room;
    private final Retention retention;
    private final Compaction compaction;
    private final Journal journal;
    private long lookedAtBytes;

    Housekeeping(DiskSpace room, Retention retention, Compaction compaction, Journal journal) {
        this.room = room;
        this.retention = retention;
        this.compaction = compaction;
        this.journal = journal;
    }

    /// Runs after each batch.
    ///
    /// @return whether there is more to do at once
    boolean step() throws IOException {
        retention.trim();
        if (journal.appendedBytes() - lookedAtBytes > LOOK_AFTER_BYTES) {
            lookAtRoom();
        }
        return compaction.step();
    }

    /// Runs every second.
    void everySecond() throws IOException {
        lookAtRoom();
        compaction.look(room.shortage() != null);
        if (room.shortage() != null) {
            lookAtRoom();
        }
    }

    private void lookAtRoom() {
        lookedAtBytes = journal.appendedBytes();
        room.look();
        if (room.shortage() != null) {
            retention.relieve(room.missingBytes());
        }
    }

    /// Makes room on a full disk, as far as that goes without writing.
    void makeRoom() {
        retention.trim();
        compaction.removeWithoutWriting();
    }

    /// Forgets what was begun, after a failure of the disk.
    void giveUp() {
        compaction.giveUp();
    }
}
