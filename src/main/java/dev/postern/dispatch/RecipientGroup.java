package dev.postern.dispatch;

import dev.postern.mail.ForwardPath;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The recipients of a message that travel together, and which egresses did not take them in this
/// round.
final class RecipientGroup {

    private final SequencedMap<ForwardPath, List<Skip>> skips = new LinkedHashMap<>();
    private final Set<String> tried = new LinkedHashSet<>();
    private final Map<String, Skip> declined = new HashMap<>();
    private final boolean possiblyDuplicate;
    private @Nullable String pin;

    /// @param pin the egress to ask, because it perhaps took them before, as long as that is not
    ///   down for long; null: any
    /// @param possiblyDuplicate whether someone perhaps took them before
    RecipientGroup(List<ForwardPath> recipients, @Nullable String pin, boolean possiblyDuplicate) {
        recipients.forEach(recipient -> skips.put(recipient, new ArrayList<>()));
        this.pin = pin;
        this.possiblyDuplicate = possiblyDuplicate;
    }

    List<ForwardPath> recipients() {
        return List.copyOf(skips.sequencedKeySet());
    }

    boolean isEmpty() {
        return skips.isEmpty();
    }

    boolean isPossiblyDuplicate() {
        return possiblyDuplicate;
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
    void decline(Skip skip) {
        declined.put(skip.egress(), skip);
    }

    boolean declined(String egress) {
        return declined.containsKey(egress);
    }

    /// Notes that the egress asked last did not take `recipient`, which travels on.
    void skip(ForwardPath recipient, Skip skip) {
        skips(recipient).add(skip);
    }

    /// Takes a recipient out: its outcome is known.
    void leave(ForwardPath recipient) {
        skips.remove(recipient);
    }

    List<Skip> skips(ForwardPath recipient) {
        return Objects.requireNonNull(skips.get(recipient), recipient::address);
    }

    /// Returns what `egress` said when it did not take some recipient of this group.
    Optional<Skip> skip(String egress) {
        return skips.values().stream()
                .flatMap(List::stream)
                .filter(skip -> skip.egress().equals(egress))
                .findFirst()
                .or(() -> Optional.ofNullable(declined.get(egress)));
    }
}
