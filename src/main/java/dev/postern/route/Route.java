package dev.postern.route;

import java.time.Instant;
import java.util.List;

/// The choice for one message at one moment.
///
/// @param candidates names of the egresses to ask, best first
/// @param passedOver the others, with the reason, in configured order
public record Route(List<String> candidates, List<PassedOver> passedOver) {

    public Route {
        candidates = List.copyOf(candidates);
        passedOver = List.copyOf(passedOver);
    }

    /// Why an egress is not asked.
    public sealed interface PassedOver {

        /// Returns the egress's name.
        String egress();

        /// Its `senders` do not include this message's sender.
        record Sender(String egress) implements PassedOver {}

        /// It can't send now.
        ///
        /// @param words what it last said or did
        record Down(String egress, String words) implements PassedOver {}

        /// Its rate or quota is used up.
        ///
        /// @param until when there is room again
        record Limited(String egress, Instant until) implements PassedOver {}

        /// The message waits for a better one, whose rate or quota is used up (`when-limited:
        /// wait`).
        record Behind(String egress, String waitsFor) implements PassedOver {}
    }
}
