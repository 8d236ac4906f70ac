package dev.postern.dispatch;

import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.egress.EgressState;
import dev.postern.egress.EgressView;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.QueueId;
import dev.postern.outcome.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What must hold for every call of an egress, as ARCHITECTURE.md has it. It is told what happens
/// and keeps what it finds wrong.
final class ChooserRules {

    private static final Duration UNCERTAIN_WAIT = Duration.ofMinutes(5);
    private static final Duration UNCERTAIN_DOWN = Duration.ofMinutes(15);

    /// What one egress said last of one recipient.
    private record Fate(String egress, Outcome outcome, Instant at, int run) {}

    private record Key(QueueId id, ForwardPath to) {}

    /// How the egresses stood when a call began.
    private record Start(Instant at, Map<String, EgressView> views) {}

    private final List<String> findings = new ArrayList<>();
    private final Map<Key, Fate> last = new HashMap<>();
    private final Map<Key, Fate> doubts = new HashMap<>();
    private final Map<String, Start> starts = new HashMap<>();
    private final Map<String, Integer> underWay = new HashMap<>();
    private final Map<String, List<Instant>> counted = new HashMap<>();
    private final Map<String, Instant> noProbeBefore = new HashMap<>();
    private final Set<QueueId> unsettled = new HashSet<>();
    private final Set<Key> told = new HashSet<>();
    private int run;
    private int calls;
    private int givenBack;

    List<String> findings() {
        return findings;
    }

    int calls() {
        return calls;
    }

    private void must(boolean holds, String rule, Instant at) {
        if (!holds) {
            findings.add(rule + " at " + at + " in run " + run);
        }
    }

    /// A call of an egress begins.
    void begins(Common egress, QueueId id, List<EgressView> views, Instant at) {
        calls++;
        Map<String, EgressView> byName = new HashMap<>();
        views.forEach(view -> byName.put(view.name(), view));
        starts.put(egress.name() + id, new Start(at, byName));
        int others = underWay.merge(egress.name(), 1, Integer::sum) - 1;
        must(others < egress.concurrency(), "more than the concurrency of " + egress.name(), at);
        EgressView view = byName.get(egress.name());
        must(view.state() != EgressState.DOWN, "mail for the open breaker of " + egress.name(), at);
    }

    /// A call is about to do what it does.
    void acts(Common egress, QueueId id, List<ForwardPath> to) {
        Start start = starts.get(egress.name() + id);
        to.forEach(recipient -> acts(egress.name(), new Key(id, recipient), start));
    }

    private void acts(String egress, Key key, Start start) {
        Fate before = last.get(key);
        if (before != null) {
            must(!(before.outcome() instanceof Outcome.Accepted), "sent twice: " + key, start.at());
            must(
                    !(before.outcome() instanceof Outcome.Rejected),
                    "sent after a refusal: " + key,
                    start.at());
        }
        Fate doubt = doubts.get(key);
        if (doubt == null) {
            return;
        }
        Duration since = Duration.between(doubt.at(), start.at());
        must(
                doubt.run() != run || since.compareTo(UNCERTAIN_WAIT) >= 0,
                "uncertain and sent after " + since + ": " + key,
                start.at());
        must(
                egress.equals(doubt.egress()) || isLongDown(start, doubt.egress()),
                egress + " after a lost answer of " + doubt.egress() + ": " + key,
                start.at());
    }

    private static boolean isLongDown(Start start, String egress) {
        EgressView view = start.views().get(egress);
        return view != null
                && view.downSince() != null
                && !view.downSince().isAfter(start.at().minus(UNCERTAIN_DOWN));
    }

    /// A call was answered for a recipient.
    void said(String egress, QueueId id, ForwardPath to, Outcome outcome, Instant at) {
        Key key = new Key(id, to);
        Fate fate = new Fate(egress, outcome, at, run);
        told.remove(key);
        switch (outcome) {
            case Outcome.Uncertain _ -> {
                last.put(key, fate);
                doubts.put(key, fate);
            }
            case Outcome.Unavailable(_, _, var retryAfter, _) -> {
                if (retryAfter != null && !retryAfter.isZero()) {
                    noProbeBefore.merge(
                            egress, at.plus(retryAfter), (a, b) -> a.isAfter(b) ? a : b);
                }
            }
            case Outcome.Accepted _, Outcome.Rejected _ -> {
                last.put(key, fate);
                doubts.remove(key);
                if (outcome instanceof Outcome.Accepted) {
                    noProbeBefore.remove(egress);
                }
            }
            case Outcome.Deferred _, Outcome.Unsuited _ -> {
                last.put(key, fate);
                if (doubts.containsKey(key) && doubts.get(key).egress().equals(egress)) {
                    doubts.remove(key);
                }
            }
        }
        boolean committed =
                !(outcome instanceof Outcome.Unavailable || outcome instanceof Outcome.Unsuited);
        if (committed) {
            unsettled.add(id);
        }
    }

    /// The spool was told what became of a recipient before the call was over.
    void told(QueueId id, ForwardPath to) {
        told.add(new Key(id, to));
    }

    /// A call is over.
    ///
    /// @param counts whether it uses up a limit
    void ends(String egress, QueueId id, boolean counts) {
        underWay.merge(egress, -1, Integer::sum);
        Start start = starts.remove(egress + id);
        if (counts && start != null) {
            counted.computeIfAbsent(egress, _ -> new ArrayList<>()).add(start.at());
        } else {
            givenBack++;
        }
    }

    void settled(QueueId id) {
        unsettled.remove(id);
        last.keySet().stream().filter(key -> key.id().equals(id)).forEach(told::add);
    }

    /// The process was killed, or ended.
    ///
    /// @return the messages of which the spool does not know what became
    Set<QueueId> ended() {
        Set<QueueId> lost = Set.copyOf(unsettled);
        last.keySet().removeIf(key -> lost.contains(key.id()) && !told.contains(key));
        doubts.keySet().removeIf(key -> lost.contains(key.id()));
        unsettled.clear();
        underWay.clear();
        starts.clear();
        noProbeBefore.clear();
        run++;
        return lost;
    }

    /// An operator wants a message tried again.
    void forgive(QueueId id) {
        last.entrySet()
                .removeIf(entry ->
                        entry.getKey().id().equals(id)
                                && entry.getValue().outcome() instanceof Outcome.Rejected);
    }

    void probed(Common common, Instant at) {
        String egress = common.name();
        int others = underWay.merge(egress, 1, Integer::sum) - 1;
        must(others < common.concurrency(), "a probe beyond the concurrency of " + egress, at);
        Instant before = noProbeBefore.get(egress);
        must(before == null || !at.isBefore(before), "probed before Retry-After: " + egress, at);
    }

    /// A probe is over.
    void probeEnds(String egress) {
        underWay.merge(egress, -1, Integer::sum);
    }

    boolean wasAccepted(QueueId id, ForwardPath to) {
        @Nullable Fate fate = last.get(new Key(id, to));
        return fate != null && fate.outcome() instanceof Outcome.Accepted;
    }

    /// Checks that no limit was exceeded: a quota in no period, a rate by no more than its burst.
    void checkLimits(Common egress) {
        List<Instant> gone =
                counted.getOrDefault(egress.name(), List.of()).stream().sorted().toList();
        Rate quota = egress.quota();
        if (quota != null) {
            for (int i = 0; i + quota.messages() < gone.size(); i++) {
                Duration span = Duration.between(gone.get(i), gone.get(i + quota.messages()));
                must(
                        span.compareTo(quota.period()) >= 0,
                        "the quota of " + egress.name() + " and one more within " + span,
                        gone.get(i));
            }
        }
        Rate rate = egress.rate();
        if (rate != null) {
            for (int i = 0; i + 2 * rate.messages() < gone.size(); i++) {
                Duration span = Duration.between(gone.get(i), gone.get(i + 2 * rate.messages()));
                must(
                        span.compareTo(rate.period()) >= 0,
                        "twice the rate of " + egress.name() + " and one more within " + span,
                        gone.get(i));
            }
        }
    }

    int givenBack() {
        return givenBack;
    }
}
