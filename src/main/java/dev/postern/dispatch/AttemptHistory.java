package dev.postern.dispatch;

import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.OutcomeClass;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What one egress has said of a message until now.
///
/// @param lines of its history, as far as they are that egress's, oldest first
record AttemptHistory(List<Attempt> lines) {

    AttemptHistory {
        lines = List.copyOf(lines);
    }

    static AttemptHistory of(String egress, List<Attempt> history) {
        return new AttemptHistory(
                history.stream().filter(line -> line.egress().equals(egress)).toList());
    }

    /// Returns how often each recipient was deferred in a row up to now.
    Map<ForwardPath, Integer> deferredInRow() {
        Map<ForwardPath, Integer> inRow = new HashMap<>();
        Set<ForwardPath> ended = new HashSet<>();
        for (Attempt line : lines.reversed()) {
            for (ForwardPath to : line.recipients()) {
                if (line.outcome() != OutcomeClass.DEFERRED) {
                    ended.add(to);
                } else if (!ended.contains(to)) {
                    inRow.merge(to, 1, Integer::sum);
                }
            }
        }
        return inRow;
    }

    /// Returns whether it was unavailable when it was asked last, and that was over before `then`.
    boolean wasUnavailableBefore(Instant then) {
        if (lines.isEmpty()) {
            return false;
        }
        Attempt last = lines.getLast();
        return last.outcome() == OutcomeClass.UNAVAILABLE
                && last.at().plus(last.took()).isBefore(then);
    }
}
