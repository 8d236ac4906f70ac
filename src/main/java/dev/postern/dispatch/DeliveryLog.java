package dev.postern.dispatch;

import dev.postern.egress.EgressHealth.Turn;
import dev.postern.egress.EgressView;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.LogMark;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.OutcomeClass;
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

/// Tells the log and the observer what happens. Whatever is thrown at it by these stays here: what
/// was to be told has happened all the same.
record DeliveryLog(OutcomeLog outcomes, DispatchObserver observer) {

    private static final Logger log = LoggerFactory.getLogger(DeliveryLog.class);

    private static void tell(Runnable words) {
        try {
            words.run();
        } catch (RuntimeException | Error e) {
            log.atError().setCause(e).log("what happened could not be told");
        }
    }

    /// Tells of a call that begins.
    void departed(DeliveryRound round, RecipientGroup group, EgressPool.Choice.Go go) {
        String egress = go.slots().name();
        Skip skipped = go.insteadOf();
        tell(() -> {
            if (skipped != null) {
                outcomes.fallback(round.id(), egress, skipped.egress(), skipped.words());
                observer.fellBack(round.id(), egress, skipped.egress(), skipped.words());
            }
            if (group.isPossiblyDuplicate()) {
                outcomes.possibleDuplicate(round.id(), egress, "sent again after a lost answer");
            }
        });
    }

    /// Returns the lines of history of a call: recipients that share an outcome share a line.
    static List<Attempt> lines(
            String egress, Map<ForwardPath, Outcome> brought, Instant at, Duration took) {
        SequencedMap<Outcome, List<ForwardPath>> shared = new LinkedHashMap<>();
        brought.forEach(
                (to, outcome) -> shared.computeIfAbsent(outcome, _ -> new ArrayList<>()).add(to));
        List<Attempt> lines = new ArrayList<>();
        shared.forEach((outcome, to) -> {
            List<String> lost =
                    outcome instanceof Outcome.Accepted accepted
                            ? accepted.notCarried()
                            : List.of();
            lines.add(new Attempt(at, egress, outcome.kind(), outcome.reply(), took, to, lost));
        });
        return lines;
    }

    /// Tells of a call that is over.
    void returned(QueueId id, String egress, List<Attempt> lines, Duration took) {
        tell(() -> {
            for (Attempt line : lines) {
                outcomes.attempt(id, line);
            }
            lines.stream()
                    .filter(line -> line.outcome() == OutcomeClass.UNCERTAIN)
                    .findFirst()
                    .ifPresent(lost -> outcomes.possibleDuplicate(id, egress, lost.reply()));
            observer.attempted(id, egress, List.copyOf(lines), took);
        });
    }

    /// Tells how a message stands whose round is over: that it waits, once for each reason.
    void settled(DeliveryRound round, Instant due) {
        tell(() -> {
            List<Recipient> all = round.recipients();
            if (all.stream().allMatch(recipient -> recipient.state().isFinal())) {
                outcomes.done(round.id(), all);
                observer.done(round.id(), all);
            } else if (!round.waitingOnes().isEmpty() && round.waitsAnew()) {
                outcomes.waits(round.id(), round.waitingOnes(), due);
            }
        });
    }

    void turned(Turn turn, EgressView view) {
        switch (turn) {
            case NONE -> {}
            case OPENED ->
                    log.atWarn()
                            .addMarker(LogMark.EACH)
                            .addKeyValue("egress", view.name())
                            .addKeyValue("fault", view.fault() == null ? "" : view.fault().word())
                            .addKeyValue("reply", view.lastWords())
                            .addKeyValue("next-probe", view.nextProbe())
                            .log("egress down");
            case HALF_OPENED ->
                    log.atInfo()
                            .addMarker(LogMark.EACH)
                            .addKeyValue("egress", view.name())
                            .log("egress on trial");
            case CLOSED ->
                    log.atInfo()
                            .addMarker(LogMark.EACH)
                            .addKeyValue("egress", view.name())
                            .log("egress up");
        }
    }
}
