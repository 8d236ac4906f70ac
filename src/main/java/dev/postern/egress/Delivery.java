package dev.postern.egress;

import static java.util.Objects.requireNonNull;

import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Supplier;

/// What one call of an egress brought: an outcome for every recipient of the message, no more, no
/// fewer.
///
/// @param outcomes by recipient, in the envelope's order
public record Delivery(SequencedMap<ForwardPath, Outcome> outcomes) {

    public Delivery {
        outcomes = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(outcomes));
    }

    /// Returns a delivery with the same outcome for all.
    public static Delivery same(Collection<ForwardPath> recipients, Outcome outcome) {
        SequencedMap<ForwardPath, Outcome> all = new LinkedHashMap<>();
        recipients.forEach(recipient -> all.put(recipient, outcome));
        return new Delivery(all);
    }

    /// Returns a delivery from `outcomes`, which must have one for each of `recipients`.
    public static Delivery of(
            Collection<ForwardPath> recipients, Map<ForwardPath, Outcome> outcomes) {
        SequencedMap<ForwardPath, Outcome> all = new LinkedHashMap<>();
        for (ForwardPath recipient : recipients) {
            Supplier<String> missing = () -> "no outcome for a recipient: " + recipient;
            all.put(recipient, requireNonNull(outcomes.get(recipient), missing));
        }
        return new Delivery(all);
    }
}
