package dev.postern.dispatch;

import dev.postern.egress.EgressHealth.Turn;
import dev.postern.egress.EgressView;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.OutcomeLog;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells the log and the observer what happens.
final class Chronicle {

    private static final Logger log = LoggerFactory.getLogger(Chronicle.class);

    private final OutcomeLog outcomes;
    private final DispatchObserver observer;

    Chronicle(OutcomeLog outcomes, DispatchObserver observer) {
        this.outcomes = outcomes;
        this.observer = observer;
    }

    /// Tells of a call that begins.
    void departed(Errand errand, Leg leg, Choice.Go go) {
        String egress = go.lane().name();
        Miss missed = go.insteadOf();
        if (missed != null) {
            outcomes.fallback(errand.id(), egress, missed.egress(), missed.words());
            observer.fellBack(errand.id(), egress, missed.egress(), missed.words());
        }
        if (leg.isDoubtful()) {
            outcomes.possibleDuplicate(errand.id(), egress, "sent again after a lost answer");
        }
    }

    /// Tells of a call that is over.
    ///
    /// @return its lines of history: recipients that share an outcome share a line
    List<Attempt> returned(
            QueueId id,
            String egress,
            Map<ForwardPath, Outcome> brought,
            Instant at,
            Duration took) {
        SequencedMap<Outcome, List<ForwardPath>> shared = new LinkedHashMap<>();
        brought.forEach(
                (to, outcome) -> shared.computeIfAbsent(outcome, _ -> new ArrayList<>()).add(to));
        List<Attempt> lines = new ArrayList<>();
        shared.forEach((outcome, to) -> lines.add(line(egress, outcome, to, at, took)));
        for (Attempt line : lines) {
            outcomes.attempt(id, line);
        }
        shared.keySet().stream()
                .filter(Outcome.Uncertain.class::isInstance)
                .findFirst()
                .ifPresent(lost -> outcomes.possibleDuplicate(id, egress, lost.reply()));
        observer.attempted(id, egress, List.copyOf(lines), took);
        return lines;
    }

    private static Attempt line(
            String egress, Outcome outcome, List<ForwardPath> to, Instant at, Duration took) {
        List<String> notCarried =
                outcome instanceof Outcome.Accepted accepted ? accepted.notCarried() : List.of();
        return new Attempt(at, egress, outcome.kind(), outcome.reply(), took, to, notCarried);
    }

    /// Tells how a message stands whose round is over.
    void settled(Errand errand, Instant due) {
        List<Recipient> all = errand.recipients();
        if (all.stream().allMatch(recipient -> recipient.state().isFinal())) {
            outcomes.done(errand.id(), all);
            observer.done(errand.id(), all);
        } else if (!errand.waitingOnes().isEmpty()) {
            outcomes.waits(errand.id(), errand.waitingOnes(), due);
        }
    }

    void turned(Turn turn, EgressView view) {
        switch (turn) {
            case NONE -> {}
            case OPENED ->
                    log.atWarn()
                            .addKeyValue("egress", view.name())
                            .addKeyValue("fault", view.fault() == null ? "" : view.fault().word())
                            .addKeyValue("reply", view.lastError())
                            .addKeyValue("next-probe", view.nextProbe())
                            .log("egress down");
            case HALF_OPENED ->
                    log.atInfo().addKeyValue("egress", view.name()).log("egress on trial");
            case CLOSED -> log.atInfo().addKeyValue("egress", view.name()).log("egress up");
        }
    }
}
