package dev.postern.dispatch;

import dev.postern.config.EgressConfig;
import dev.postern.egress.Egress;
import dev.postern.egress.EgressHealth;
import dev.postern.egress.EgressView;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.ReversePath;
import dev.postern.route.Route;
import dev.postern.route.Route.PassedOver;
import dev.postern.route.Router;
import dev.postern.route.Standing;
import dev.postern.spool.QueuedMessage;
import dev.postern.spool.Spool;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// All egresses, and the choice among them for a group. Confined to the dispatcher's tasks.
final class EgressPool {

    /// So long must an egress be down before what it perhaps took goes to another one.
    static final Duration UNCERTAIN_DOWN = Duration.ofMinutes(15);

    private final SequencedMap<String, EgressSlots> byName = new LinkedHashMap<>();
    private final List<EgressSlots> leaving = new ArrayList<>();
    private final Router router;
    private final Spool spool;

    private EgressPool(Router router, Spool spool) {
        this.router = router;
        this.spool = spool;
    }

    /// Returns the egresses of which nothing is known.
    ///
    /// @param egresses one for each of `configured`, by name
    /// @param spool keeps how much of their limits is used up
    static EgressPool of(
            List<EgressConfig> configured,
            List<? extends Egress> egresses,
            Spool spool,
            Instant now) {
        return new EgressPool(new Router(List.of()), spool).followedBy(configured, egresses, now);
    }

    /// Returns the egresses that take the place of these. An egress that is the same object as
    /// before keeps its egress, with all that is known of it.
    EgressPool followedBy(
            List<EgressConfig> configured, List<? extends Egress> egresses, Instant now) {
        Map<String, Egress> given =
                egresses.stream().collect(Collectors.toMap(Egress::name, Function.identity()));
        EgressPool next = new EgressPool(new Router(configured), spool);
        leaving.stream().filter(EgressSlots::isBusy).forEach(next.leaving::add);
        for (EgressConfig config : configured) {
            Egress egress = given.get(config.name());
            if (egress == null) {
                throw new IllegalArgumentException("no egress for " + config.name());
            }
            next.byName.put(config.name(), successor(config, egress, now));
        }
        next.leaving.addAll(without(next));
        return next;
    }

    private EgressSlots successor(EgressConfig config, Egress egress, Instant now) {
        EgressSlots before = byName.get(config.name());
        if (before != null && before.egress().equals(egress)) {
            return before;
        }
        EgressHealth health = new EgressHealth(config.name(), now);
        EgressLimits limits = new EgressLimits(config.common(), spool, now);
        EgressSlots slots = new EgressSlots(egress, config, health, limits);
        Stream.concat(Stream.ofNullable(before), leaving.stream())
                .filter(other -> other.name().equals(config.name()))
                .forEach(slots::follow);
        return slots;
    }

    /// Returns the egresses that `next` does not go on with.
    List<EgressSlots> without(EgressPool next) {
        return byName.values().stream()
                .filter(slots -> next.byName.get(slots.name()) != slots)
                .toList();
    }

    /// Returns how many calls can be under way at once.
    int slots() {
        return byName.values().stream().mapToInt(EgressSlots::concurrency).sum();
    }

    Collection<EgressSlots> all() {
        return byName.values();
    }

    boolean isEmpty() {
        return byName.isEmpty();
    }

    Optional<EgressSlots> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /// Returns whether more mail would only wait: some egress is usable, and none of those has a
    /// slot.
    boolean isBusy(Instant now) {
        return byName.values().stream().noneMatch(EgressSlots::hasSlot)
                && byName.values().stream().anyMatch(slots -> slots.isUsable(now));
    }

    /// Returns whether some egress is tried with one message at a time.
    boolean isOnTrial() {
        return byName.values().stream().anyMatch(slots -> slots.health().isOnTrial());
    }

    /// Returns whether some egress is for certain senders only.
    boolean haveSenders() {
        return byName.values().stream().anyMatch(EgressSlots::hasSenders);
    }

    /// Returns the names of the egresses that a message may go by, as far as its sender and its
    /// lost answers decide; `=gmail` for one that waits for an answer of that egress.
    ///
    /// @param author see [DeliveryRound#author]; asked only where some egress is for certain
    ///   senders
    List<String> ways(QueuedMessage message, Supplier<ReversePath> author) {
        List<Recipient> owed =
                message.recipients().stream().filter(r -> !r.state().isFinal()).toList();
        boolean pinned =
                owed.stream().allMatch(r -> r.reason() == Reason.UNCERTAIN && r.egress() != null);
        return pinned && !owed.isEmpty()
                ? List.of("=" + owed.getFirst().egress())
                : router.permitted(haveSenders() ? author.get() : message.envelope().sender());
    }

    /// Returns where `group` goes next. Where its content may be spoilt it goes only when no other
    /// egress is left, and then as it is, to the preferred one (CONTRACT §4).
    Choice choose(RecipientGroup group, ReversePath sender, ContentTraits traits, Instant now) {
        String pin = group.pin();
        EgressSlots pinned = pin == null ? null : byName.get(pin);
        if (pinned != null) {
            Choice choice = choosePinned(pinned, now);
            if (choice != null) {
                return choice;
            }
        }
        Route route = router.route(sender, name -> standing(group, name, now));
        List<String> left = admitting(group, route);
        if (left.isEmpty()) {
            return new Choice.Nowhere(misses(group, route, sender, now));
        }
        Optional<String> sparing =
                left.stream().filter(name -> !maySpoil(group, name, traits)).findFirst();
        boolean last = sparing.isEmpty() || left.size() == 1;
        String chosen = sparing.orElse(left.getFirst());
        Miss missed = insteadOf(group, route, chosen, now);
        return new Choice.Go(slots(chosen), missed, last || !traits.eightBit());
    }

    /// Returns the candidates that were not asked yet; those that take no more mail at this moment
    /// of their trial or recovery only when there are no others, because a trial may last.
    private List<String> admitting(RecipientGroup group, Route route) {
        List<String> left = route.candidates().stream().filter(name -> !group.tried(name)).toList();
        List<String> ready = left.stream().filter(name -> slots(name).health().admits()).toList();
        return ready.isEmpty() ? left : ready;
    }

    private boolean maySpoil(RecipientGroup group, String name, ContentTraits traits) {
        return group.declined(name) || slots(name).egress().maySpoil(traits);
    }

    /// Returns null when the egress has been down for so long that others may be asked.
    private static @Nullable Choice choosePinned(EgressSlots slots, Instant now) {
        return switch (slots.standing(now)) {
            case Standing.Usable _ -> new Choice.Go(slots, null, true);
            case Standing.Limited(Instant until) -> {
                Instant again = slots.promise(until, now);
                yield new Choice.Stay(Miss.limited(slots.name(), again), again);
            }
            case Standing.Down(String words) -> {
                EgressView view = slots.health().view();
                Instant since = view.downSince() == null ? now : view.downSince();
                Instant free = since.plus(UNCERTAIN_DOWN);
                Miss miss = down(slots, words, now);
                yield now.isBefore(free) ? new Choice.Stay(miss, free) : null;
            }
        };
    }

    /// An egress that was asked in this round is out of the choice by that; how it stands now must
    /// not keep the message from those behind it.
    private Standing standing(RecipientGroup group, String name, Instant now) {
        return group.tried(name) ? Standing.USABLE : slots(name).standing(now);
    }

    private List<Miss> misses(RecipientGroup group, Route route, ReversePath sender, Instant now) {
        List<Miss> misses = new ArrayList<>();
        for (PassedOver over : route.passedOver()) {
            if (group.tried(over.egress())) {
                continue;
            }
            switch (over) {
                case PassedOver.Sender(String egress) ->
                        misses.add(Miss.sender(egress, sender.address()));
                case PassedOver.Down(String egress, String words) ->
                        misses.add(down(slots(egress), words, now));
                case PassedOver.Limited(String egress, Instant until) ->
                        misses.add(Miss.limited(egress, slots(egress).promise(until, now)));
                case PassedOver.Behind _ -> {}
            }
        }
        return misses;
    }

    private static Miss down(EgressSlots slots, String words, Instant now) {
        EgressView view = slots.health().view();
        Instant failedAt = view.lastErrorAt() == null ? now : view.lastErrorAt();
        slots.oweHaste();
        return Miss.down(slots.name(), words, failedAt, null);
    }

    /// Returns the most preferred egress that did not take the group although it may send for its
    /// sender.
    private @Nullable Miss insteadOf(
            RecipientGroup group, Route route, String chosen, Instant now) {
        for (String name : byName.sequencedKeySet()) {
            if (name.equals(chosen)) {
                return null;
            }
            Optional<Miss> miss = group.miss(name).or(() -> miss(route, name, now));
            if (miss.isPresent()) {
                return miss.get();
            }
            if (route.candidates().contains(name)) {
                EgressSlots slots = slots(name);
                return slots.health().admits()
                        ? Miss.spoiling(name)
                        : Miss.onTrial(name, slots.health().view().lastError(), now);
            }
        }
        return null;
    }

    private static Optional<Miss> miss(Route route, String name, Instant now) {
        for (PassedOver over : route.passedOver()) {
            if (over instanceof PassedOver.Down(String egress, String words)
                    && egress.equals(name)) {
                return Optional.of(Miss.down(name, words, now, null));
            }
            if (over instanceof PassedOver.Limited(String egress, var until)
                    && egress.equals(name)) {
                return Optional.of(Miss.limited(name, until));
            }
        }
        return Optional.empty();
    }

    /// Returns when the next probe of any egress is due; the end of a call is when those are looked
    /// for that wait for a slot.
    Optional<Instant> nextProbe() {
        return byName.values().stream()
                .filter(EgressSlots::hasProbeSlot)
                .flatMap(slots -> slots.health().nextProbe().stream())
                .min(Instant::compareTo);
    }

    private EgressSlots slots(String name) {
        EgressSlots slots = byName.get(name);
        if (slots == null) {
            throw new IllegalStateException("the router named an unknown egress: " + name);
        }
        return slots;
    }
}
