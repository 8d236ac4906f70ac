package dev.postern.dispatch;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where a group goes next.
sealed interface Choice {

    /// To this egress, when it has a slot.
    ///
    /// @param insteadOf the preferred egress that did not take it, with its words; null when this
    ///   one is preferred
    /// @param asItIs whether it should send what it may spoil, because no other can do better
    record Go(EgressSlots slots, @Nullable Skip insteadOf, boolean asItIs) implements Choice {}

    /// Nowhere: no egress is left.
    ///
    /// @param skipped why those that were not asked were not
    record Nowhere(List<Skip> skipped) implements Choice {}

    /// It waits for the one egress that perhaps took it before.
    ///
    /// @param again when to look again
    record Stay(Skip skip, Instant again) implements Choice {}
}
