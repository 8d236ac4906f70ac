package dev.postern.spool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What of a spool's surroundings tests set themselves.
///
/// @param segmentBytes when a segment is full
/// @param bootId names this boot of the machine; empty when it can't be known
/// @param pid of this process
/// @param threaded whether the writer has a thread; else its work is done by [JournalSpool#step]
record SpoolOptions(int segmentBytes, String bootId, long pid, boolean threaded) {

    /// When a segment is full: small enough that one can be copied in a moment, large enough that
    /// opening one, which takes three syncs, is rare.
    static final int SEGMENT_BYTES = 16 * 1024 * 1024;

    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    /// Returns how it is on this machine.
    static SpoolOptions real() {
        return new SpoolOptions(SEGMENT_BYTES, readBootId(), ProcessHandle.current().pid(), true);
    }

    private static String readBootId() {
        try {
            return Files.readString(BOOT_ID).strip();
        } catch (IOException _) {
            // Not a Linux: every unclean stop counts as one of the machine.
            return "";
        }
    }
}
