package dev.postern.egress;

import dev.postern.config.EgressConfig;
import dev.postern.config.Preset.SteeringFields;
import dev.postern.mail.FieldFilter;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Predicate;

/// An egress that is known to be a provider's: no other provider's steering fields go by it.
///
/// Whose they are, the other provider would have taken them out; here the recipients would read
/// them. What goes so is recorded with an acceptance. It is a permitted change like that of Bcc, so
/// `fidelity: strict` has nothing against it.
public final class SteeringFilter extends Egress.Relayed {

    private final Predicate<String> foreign;

    private SteeringFilter(Egress egress, Predicate<String> foreign) {
        super(egress);
        this.foreign = foreign;
    }

    /// Returns an egress that sends what is its own, as far as is known whose it is.
    public static Egress of(EgressConfig config, Egress egress) {
        return SteeringFields.foreignTo(config)
                .<Egress>map(foreign -> new SteeringFilter(egress, foreign))
                .orElse(egress);
    }

    @Override
    public Delivery send(OutboundMessage outbound, CommitGate gate) {
        gate.preparing();
        try {
            return FieldFilter.of(outbound.content(), foreign)
                    .map(content -> send(outbound, content, gate))
                    .orElseGet(() -> egress().send(outbound, gate));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Delivery send(OutboundMessage outbound, FieldFilter content, CommitGate gate) {
        CommitGate telling =
                new CommitGate.Relayed(gate) {
                    @Override
                    public void told(Map<ForwardPath, Outcome> outcomes) {
                        super.told(recorded(outcomes, content.removed()));
                    }
                };
        OutboundMessage filtered =
                new OutboundMessage(outbound.id(), outbound.envelope(), content, outbound.asItIs());
        Delivery delivery = egress().send(filtered, telling);
        return new Delivery(recorded(delivery.outcomes(), content.removed()));
    }

    private static SequencedMap<ForwardPath, Outcome> recorded(
            Map<ForwardPath, Outcome> outcomes, List<String> removed) {
        SequencedMap<ForwardPath, Outcome> recorded = new LinkedHashMap<>(outcomes);
        recorded.replaceAll((_, outcome) ->
                outcome instanceof Outcome.Accepted accepted ? accepted.without(removed) : outcome);
        return recorded;
    }
}
