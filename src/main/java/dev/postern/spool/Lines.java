package dev.postern.spool;

import dev.postern.mail.State;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where the messages of an [Index] stand in line: the new ones, the deferred, and the finished
/// ones that wait to be forgotten; held and claimed ones stand nowhere. Guarded by the [Ledger]'s
/// monitor.
@SuppressWarnings("EnumOrdinal") // In memory only; what is on disk has codes of its own.
final class Lines {

    private final Index index;
    private final DueHeap fresh;
    private final DueHeap deferred;
    private final DueHeap sent;
    private final DueHeap failed;
    private final int[] counts = new int[State.values().length];

    Lines(Index index) {
        this.index = index;
        this.fresh = new DueHeap(index);
        this.deferred = new DueHeap(index);
        this.sent = new DueHeap(index);
        this.failed = new DueHeap(index);
    }

    /// Puts a message in line by its state and counts it.
    void join(int row) {
        State state = shownState(row);
        counts[state.ordinal()]++;
        DueHeap line = line(state);
        if (line != null) {
            line.add(row);
        }
    }

    /// Takes a message out of its line, before its state or due time changes.
    void leave(int row) {
        State state = shownState(row);
        counts[state.ordinal()]--;
        assert counts[state.ordinal()] >= 0;
        DueHeap line = line(state);
        if (line != null) {
            line.remove(row);
        }
    }

    /// Returns the state that users see.
    State shownState(int row) {
        return index.has(row, Index.CLAIMED) ? State.SENDING : index.state(row);
    }

    private @Nullable DueHeap line(State state) {
        return switch (state) {
            case QUEUED -> fresh;
            case DEFERRED -> deferred;
            case SENT -> sent;
            case FAILED -> failed;
            case HELD, SENDING -> null;
        };
    }

    /// Returns the message that goes next at this time, new ones first, or [Index#NONE].
    int next(long epochMillis) {
        int first = fresh.first();
        if (first != Index.NONE && index.due(first) <= epochMillis) {
            return first;
        }
        int later = deferred.first();
        return later != Index.NONE && index.due(later) <= epochMillis ? later : Index.NONE;
    }

    /// Returns when the next message is due; [Long#MAX_VALUE] when none waits.
    long nextDue() {
        long due = Long.MAX_VALUE;
        if (fresh.size() > 0) {
            due = index.due(fresh.first());
        }
        return deferred.size() > 0 ? Math.min(due, index.due(deferred.first())) : due;
    }

    DueHeap sent() {
        return sent;
    }

    DueHeap failed() {
        return failed;
    }

    Map<State, Integer> counts() {
        Map<State, Integer> all = new EnumMap<>(State.class);
        for (State state : State.values()) {
            all.put(state, counts[state.ordinal()]);
        }
        return all;
    }

    long arrayBytes() {
        return fresh.arrayBytes() + deferred.arrayBytes() + sent.arrayBytes() + failed.arrayBytes();
    }
}
