package dev.postern.spool;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// The newest snapshots of a few messages: those that are not yet safely on disk stay, and of the
/// others as many as fit into a budget, so that new mail need not be read back. Guarded by the
/// [QueueIndex]'s monitor.
final class StateCache {

    private static final class Entry {
        private MessageState snapshot;
        private int bytes;
        private int pins;

        private Entry(MessageState snapshot) {
            this.snapshot = snapshot;
        }
    }

    private final Map<Long, Entry> entries = new LinkedHashMap<>();
    private final long budgetBytes;
    private long bytes;

    /// @param budgetBytes how much may stay that is on disk too, counted as on disk
    StateCache(long budgetBytes) {
        this.budgetBytes = budgetBytes;
    }

    @Nullable MessageState get(long id) {
        Entry entry = entries.get(id);
        return entry == null ? null : entry.snapshot;
    }

    /// Keeps a snapshot at least until as many calls of [#unpin].
    void pin(long id, MessageState snapshot, int snapshotBytes) {
        put(id, snapshot, snapshotBytes).pins++;
    }

    /// Keeps a snapshot while there is room.
    void keep(long id, MessageState snapshot, int snapshotBytes) {
        put(id, snapshot, snapshotBytes);
        shrink();
    }

    private Entry put(long id, MessageState snapshot, int snapshotBytes) {
        Entry entry = entries.computeIfAbsent(id, _ -> new Entry(snapshot));
        bytes += snapshotBytes - entry.bytes;
        entry.snapshot = snapshot;
        entry.bytes = snapshotBytes;
        return entry;
    }

    void unpin(long id) {
        Entry entry = entries.get(id);
        if (entry != null && entry.pins > 0) {
            entry.pins--;
            shrink();
        }
    }

    /// Returns whether the newest snapshot of a message is not yet safely on disk.
    boolean isPinned(long id) {
        Entry entry = entries.get(id);
        return entry != null && entry.pins > 0;
    }

    void forEachPinned(LongConsumer consumer) {
        entries.forEach((id, entry) -> {
            if (entry.pins > 0) {
                consumer.accept(id);
            }
        });
    }

    void remove(long id) {
        Entry entry = entries.remove(id);
        if (entry != null) {
            bytes -= entry.bytes;
        }
    }

    private void shrink() {
        Iterator<Entry> oldest = entries.values().iterator();
        while (bytes > budgetBytes && oldest.hasNext()) {
            Entry entry = oldest.next();
            if (entry.pins == 0) {
                bytes -= entry.bytes;
                oldest.remove();
            }
        }
    }
}
