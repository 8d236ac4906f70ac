package dev.postern.dispatch;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Outcome.Unsuitability;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// An egress that answers by a script, and by its usual answer when the script is at its end.
final class ScriptedEgress implements Egress {

    static final Outcome ACCEPTED = new Outcome.Accepted("250 2.0.0 taken", null, List.of());
    static final Outcome DEFERRED = new Outcome.Deferred("450 4.2.1 later", null);
    static final Outcome REJECTED = new Outcome.Rejected("550 5.1.1 nobody");
    static final Outcome TOO_BIG = new Outcome.Unsuited("552 5.3.4 too big", Unsuitability.SIZE);
    static final Outcome NOT_OWNED =
            new Outcome.Unsuited("553 5.7.1 not yours", Unsuitability.SENDER);
    static final Outcome REFUSED =
            new Outcome.Unavailable("connection refused", Fault.NETWORK, null);
    static final Outcome NO_LOGIN =
            new Outcome.Unavailable("535 5.7.8 bad password", Fault.CREDENTIALS, null);
    static final Outcome UNCERTAIN = new Outcome.Uncertain("no answer to the final dot");

    /// What one call does.
    @FunctionalInterface
    interface Act {
        Delivery act(OutboundMessage outbound, CommitGate gate);
    }

    private final String name;
    private final Deque<Act> script = new ArrayDeque<>();
    private final List<OutboundMessage> shipments = new ArrayList<>();
    private Act usual = same(ACCEPTED);
    private Supplier<Probe> probe = () -> new Probe.Passed("fine");
    private int probes;
    private boolean spoils;
    private boolean closed;
    private boolean calledAfterClose;

    ScriptedEgress(String name) {
        this.name = name;
    }

    ScriptedEgress usually(Outcome outcome) {
        usual = same(outcome);
        return this;
    }

    ScriptedEgress usually(Act act) {
        usual = act;
        return this;
    }

    ScriptedEgress then(Outcome... outcomes) {
        for (Outcome outcome : outcomes) {
            script.add(same(outcome));
        }
        return this;
    }

    ScriptedEgress then(Act act) {
        script.add(act);
        return this;
    }

    /// Answers each recipient by its address, others as accepted.
    ScriptedEgress then(Map<String, Outcome> byAddress) {
        script.add((outbound, gate) -> {
            Map<ForwardPath, Outcome> outcomes = new LinkedHashMap<>();
            for (ForwardPath to : outbound.envelope().recipients()) {
                outcomes.put(to, byAddress.getOrDefault(to.address(), ACCEPTED));
            }
            gate.pass();
            return Delivery.of(outbound.envelope().recipients(), outcomes);
        });
        return this;
    }

    ScriptedEgress probing(Probe found) {
        return probing(() -> found);
    }

    ScriptedEgress probing(Supplier<Probe> found) {
        probe = found;
        return this;
    }

    /// Makes it known that this egress spoils 8-bit content.
    ScriptedEgress spoiling() {
        spoils = true;
        return this;
    }

    int probes() {
        return probes;
    }

    /// Returns what was asked of it, as `recipient,recipient`.
    List<String> calls() {
        return shipments.stream()
                .map(s ->
                        String.join(
                                ",",
                                s.envelope().recipients().stream()
                                        .map(ForwardPath::address)
                                        .toList()))
                .toList();
    }

    List<OutboundMessage> shipments() {
        return shipments;
    }

    static Act same(Outcome outcome) {
        return (outbound, gate) -> {
            boolean commits =
                    !(outcome instanceof Outcome.Unavailable
                            || outcome instanceof Outcome.Unsuited);
            if (commits && !gate.pass()) {
                return Delivery.same(outbound.envelope().recipients(), REFUSED);
            }
            return Delivery.same(outbound.envelope().recipients(), outcome);
        };
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Delivery send(OutboundMessage outbound, CommitGate gate) {
        calledAfterClose |= closed;
        shipments.add(outbound);
        Act act = script.poll();
        return (act == null ? usual : act).act(outbound, gate);
    }

    @Override
    public boolean maySpoil(ContentTraits traits) {
        return spoils && traits.eightBit();
    }

    @Override
    public Probe probe() {
        probes++;
        return probe.get();
    }

    /// Returns whether it was closed, and not too early.
    boolean isWellClosed() {
        return closed && !calledAfterClose;
    }

    @Override
    public void close() {
        if (closed) {
            throw new AssertionError(name + " is closed a second time");
        }
        closed = true;
    }
}
