package dev.postern.dispatch;

import dev.postern.mail.ForwardPath;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The recipients of a message that travel together, and which egresses did not take them in this
/// round.
final class RecipientGroup {

    private final SequencedMap<ForwardPath, List<Miss>> misses = new LinkedHashMap<>();
    private final Set<String> tried = new LinkedHashSet<>();
    private final Map<String, Miss> declined = new HashMap<>();
    private final boolean doubtful;
    private @Nullable String pin;

    /// @param pin the egress to ask, because it perhaps took them before, as long as that is not
    ///   down for long; null: any
    /// @param doubtful whether someone perhaps took them before
    RecipientGroup(List<ForwardPath> recipients, @Nullable String pin, boolean doubtful) {
        recipients.forEach(recipient -> misses.put(recipient, new ArrayList<>()));
        this.pin = pin;
        this.doubtful = doubtful;
    }

    List<ForwardPath> recipients() {
        return List.copyOf(misses.sequencedKeySet());
    }

    boolean isEmpty() {
        return misses.isEmpty();
    }

    boolean isDoubtful() {
        return doubtful;
    }

    @Nullable String pin() {
        return pin;
    }

    boolean tried(String egress) {
        return tried.contains(egress);
    }

    /// Notes that `egress` was asked. If it is the pin, its answer ends the doubt.
    void ask(String egress) {
        tried.add(egress);
        if (egress.equals(pin)) {
            pin = null;
        }
    }

    /// Notes that an egress would rather not spoil the content. It may be asked once more, when no
    /// other takes it.
    void decline(Miss miss) {
        declined.put(miss.egress(), miss);
    }

    boolean declined(String egress) {
        return declined.containsKey(egress);
    }

    /// Notes that the egress asked last did not take `recipient`, which travels on.
    void miss(ForwardPath recipient, Miss miss) {
        misses(recipient).add(miss);
    }

    /// Takes a recipient out: its outcome is known.
    void leave(ForwardPath recipient) {
        misses.remove(recipient);
    }

    List<Miss> misses(ForwardPath recipient) {
        List<Miss> own = misses.get(recipient);
        if (own == null) {
            throw new IllegalStateException("not on this leg: " + recipient);
        }
        return own;
    }

    /// Returns what `egress` said when it did not take some recipient of this group.
    Optional<Miss> miss(String egress) {
        return misses.values().stream()
                .flatMap(List::stream)
                .filter(miss -> miss.egress().equals(egress))
                .findFirst()
                .or(() -> Optional.ofNullable(declined.get(egress)));
    }
}
