package dev.postern.dispatch;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.dispatch.Router.Route;
import dev.postern.dispatch.Skip.Why;
import dev.postern.egress.Egress;
import dev.postern.egress.EgressHealth;
import dev.postern.egress.EgressState;
import dev.postern.egress.EgressView;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.ReversePath;
import dev.postern.spool.DueQueue;
import dev.postern.spool.MessageState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private final DueQueue spool;

    private EgressPool(Router router, DueQueue spool) {
        this.router = router;
        this.spool = spool;
    }

    /// Returns a pool of egresses of which nothing is known yet.
    ///
    /// @param egresses one for each of `configured`, by name
    /// @param spool keeps how much of their limits is used up
    static EgressPool of(
            List<EgressConfig> configured,
            List<? extends Egress> egresses,
            DueQueue spool,
            Instant now) {
        return new EgressPool(new Router(List.of()), spool).followedBy(configured, egresses, now);
    }

    /// Returns the egresses that take the place of these. One that is the same object as before
    /// keeps its slots, with all that is known of it.
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
        EgressHealth health = new EgressHealth(config, egress::candidates, now);
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
        return byName.values().stream().mapToInt(slots -> slots.config.concurrency()).sum();
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
        boolean usable = false;
        for (EgressSlots slots : byName.values()) {
            if (slots.hasSlot()) {
                return false;
            }
            usable |= slots.skip(now) == null;
        }
        return usable;
    }

    /// Returns whether an egress has a slot left, whether it takes mail now or not; or none is
    /// there, for which nobody needs to wait.
    boolean hasFreeSlot() {
        if (byName.isEmpty()) {
            return true;
        }
        for (EgressSlots slots : byName.values()) {
            if (slots.hasProbeSlot()) {
                return true;
            }
        }
        return false;
    }

    /// Returns whether some egress is tried with one message at a time.
    boolean isOnTrial() {
        return byName.values().stream().anyMatch(slots -> slots.health().isOnTrial());
    }

    /// Returns whether some egress is for certain senders only.
    boolean haveSenders() {
        for (EgressSlots slots : byName.values()) {
            if (!slots.config.senders().isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /// Returns the names of the egresses that a message may go by, as far as its sender and its
    /// lost answers decide; `=gmail` for one that waits for an answer of that egress.
    ///
    /// @param author see [DeliveryRound#author]; asked only where some egress is for certain
    ///   senders
    List<String> ways(MessageState message, Supplier<ReversePath> author) {
        List<Recipient> owed =
                message.recipients().stream().filter(r -> !r.state().isFinal()).toList();
        boolean pinned =
                owed.stream().allMatch(r -> r.reason() == Reason.UNCERTAIN && r.egress() != null);
        return pinned && !owed.isEmpty()
                ? List.of("=" + owed.getFirst().egress())
                : router.permitted(haveSenders() ? author.get() : message.envelope().sender());
    }

    /// Returns where `group` goes next. Where its content may be spoilt it goes only when no other
    /// egress is left, and then as it is, to the preferred one.
    Choice choose(RecipientGroup group, ReversePath sender, ContentTraits traits, Instant now) {
        String pin = group.pin();
        EgressSlots pinned = pin == null ? null : byName.get(pin);
        if (pinned != null) {
            Choice choice = choosePinned(pinned, now);
            if (choice != null) {
                return choice;
            }
        }
        // An egress that was asked in this round is out of the choice by that; how it stands now
        // must not keep the message from those behind it.
        Route route =
                router.route(sender, name -> group.tried(name) ? null : slots(name).skip(now));
        List<String> left = admitting(group, route);
        if (left.isEmpty()) {
            return new Choice.Nowhere(skips(group, route, now));
        }
        Optional<String> sparing =
                left.stream()
                        .filter(name -> !group.declined(name))
                        .filter(name -> !slots(name).egress().maySpoil(traits))
                        .findFirst();
        boolean last = sparing.isEmpty() || left.size() == 1;
        String chosen = sparing.orElse(left.getFirst());
        Skip insteadOf = insteadOf(group, route, chosen, now);
        return new Choice.Go(slots(chosen), insteadOf, last || !traits.eightBit());
    }

    /// Returns the candidates that were not asked yet; those that take no more mail at this moment
    /// of their trial or recovery only when there are no others, because a trial may last.
    private List<String> admitting(RecipientGroup group, Route route) {
        List<String> left = route.candidates().stream().filter(name -> !group.tried(name)).toList();
        List<String> ready = left.stream().filter(name -> slots(name).health().admits()).toList();
        return ready.isEmpty() ? left : ready;
    }

    /// Returns null when the egress has been down for so long that others may be asked.
    private static @Nullable Choice choosePinned(EgressSlots slots, Instant now) {
        Skip skip = slots.skip(now);
        if (skip == null) {
            return new Choice.Go(slots, null, true);
        }
        Skip owed = slots.owed(skip, now);
        if (owed.why() == Why.LIMITED) {
            return new Choice.Stay(owed, Objects.requireNonNull(owed.until()));
        }
        Instant since = slots.health().view().downSince();
        Instant free = (since == null ? now : since).plus(UNCERTAIN_DOWN);
        return now.isBefore(free) ? new Choice.Stay(owed, free) : null;
    }

    private List<Skip> skips(RecipientGroup group, Route route, Instant now) {
        return route.skipped().stream()
                .filter(skip -> !group.tried(skip.egress()))
                .map(skip -> slots(skip.egress()).owed(skip, now))
                .toList();
    }

    /// Returns the most preferred egress that did not take the group although it may send for its
    /// sender.
    private @Nullable Skip insteadOf(
            RecipientGroup group, Route route, String chosen, Instant now) {
        for (String name : byName.sequencedKeySet()) {
            if (name.equals(chosen)) {
                return null;
            }
            Optional<Skip> skip = group.skip(name).or(() -> route.passing(name));
            if (skip.isPresent()) {
                return skip.get();
            }
            if (route.candidates().contains(name)) {
                EgressSlots slots = slots(name);
                return slots.health().admits()
                        ? Skip.spoiling(name)
                        : Skip.onTrial(name, slots.health().view().lastWords(), now);
            }
        }
        return null;
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
        return Objects.requireNonNull(byName.get(name), name);
    }

    /// Where a group goes next.
    sealed interface Choice {

        /// To this egress, when it has a slot.
        ///
        /// @param insteadOf the preferred egress that did not take it, with its words; null when
        ///   this one is preferred
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

    /// One egress as the dispatcher uses it: with its slots, its health and its limits. Confined to
    /// the dispatcher's tasks, but for the health.
    static final class EgressSlots {

        /// Mail beyond a limit is looked at again after this long at the latest.
        private static final Duration PROMISE_MOST = Duration.ofHours(1);

        private final Egress egress;
        private final EgressConfig whole;
        private final Common config;
        private final EgressHealth health;
        private EgressLimits limits;
        private Instant promised = Instant.MIN;
        private Instant pausedUntil = Instant.MIN;
        private Instant lastAccepted = Instant.MIN;
        private int underWay;
        private boolean awaited = true;
        private final List<EgressSlots> before = new ArrayList<>();
        private @Nullable Runnable whenIdle;

        EgressSlots(Egress egress, EgressConfig config, EgressHealth health, EgressLimits limits) {
            this.egress = egress;
            this.whole = config;
            this.config = config.common();
            this.health = health;
            this.limits = limits;
        }

        String name() {
            return config.name();
        }

        Egress egress() {
            return egress;
        }

        /// Returns whether it takes only what it can carry whole.
        boolean isStrict() {
            return config.fidelity() == Fidelity.STRICT;
        }

        EgressHealth health() {
            return health;
        }

        /// Returns why it can't be asked now; null when it can: being busy or unproven does not
        /// matter here.
        @Nullable Skip skip(Instant now) {
            EgressView view = health.view();
            if (view.state() == EgressState.DOWN) {
                EgressView.LastError last = view.lastError();
                return last == null
                        ? Skip.down(name(), "down", now, null)
                        : Skip.down(name(), last.words(), last.at(), null);
            }
            return limitedUntil(now).map(until -> Skip.limited(name(), until)).orElse(null);
        }

        /// Returns a skip of this egress for mail that now waits for it: with a place in the line
        /// where its limit is used up, and to be hastened when it works again.
        Skip owed(Skip skip, Instant now) {
            return switch (skip.why()) {
                case DOWN -> {
                    awaitRecovery();
                    yield skip;
                }
                case LIMITED -> {
                    Instant until = Objects.requireNonNull(skip.until());
                    yield Skip.limited(skip.egress(), promise(until, now));
                }
                case PUT_OFF, FAULT, MENDABLE, FINAL, OTHERS_SENDER -> skip;
            };
        }

        private Optional<Instant> limitedUntil(Instant now) {
            Optional<Instant> room = limits.usedUpUntil(now);
            boolean paused = pausedUntil.isAfter(room.orElse(now));
            return paused ? Optional.of(pausedUntil) : room;
        }

        /// Notes that the server asked all mail to wait, so that it gets none until then. No
        /// acceptance of what is under way shortens that.
        void pauseUntil(Instant end) {
            pausedUntil = end.isAfter(pausedUntil) ? end : pausedUntil;
        }

        /// Notes that it took mail.
        void accepted(Instant now) {
            lastAccepted = now;
        }

        /// Returns when it took mail last in this process; long ago when it took none.
        Instant lastAccepted() {
            return lastAccepted;
        }

        boolean hasSlot() {
            return hasProbeSlot() && health.admits();
        }

        /// Returns how many calls and probes are under way, those of egresses before in the same
        /// name included: the server counts them together.
        private int underWay() {
            if (before.isEmpty()) {
                return underWay;
            }
            before.removeIf(slots -> !slots.isBusy());
            return underWay + before.stream().mapToInt(slots -> slots.underWay).sum();
        }

        /// Takes the place of an egress of the same name, whose calls go on, and so does the count
        /// of what it sent, and a pause where it is the same account that the server asked to wait.
        void follow(EgressSlots other) {
            before.add(other);
            if (whole.isSameAccount(other.whole)) {
                pauseUntil(other.pausedUntil);
            }
            boolean sameLimits =
                    Objects.equals(config.rate(), other.config.rate())
                            && Objects.equals(config.quota(), other.config.quota());
            if (sameLimits) {
                limits = other.limits;
            }
        }

        boolean isBusy() {
            return underWay > 0;
        }

        /// Ends this egress's use: its calls go on, but no more begin, and what they bring says
        /// nothing about the egress as it is now.
        ///
        /// @param idle run once no call is under way
        void retire(Runnable idle) {
            whenIdle = idle;
            if (underWay == 0) {
                idle.run();
            }
        }

        boolean isRetired() {
            return whenIdle != null;
        }

        EgressHealth.Ticket begin(Instant now) {
            limits.take(now);
            underWay++;
            return health.begin();
        }

        /// Returns whether a probe may begin: it takes a slot like a call.
        boolean hasProbeSlot() {
            return underWay() < config.concurrency();
        }

        /// Takes a slot for a probe, until [#ended].
        void beginProbe() {
            underWay++;
        }

        /// Ends the use of it, before the program does.
        void close(Instant now) {
            limits.close(now);
        }

        /// Frees the slot of a call or a probe.
        void ended() {
            underWay--;
            if (underWay == 0 && whenIdle != null) {
                whenIdle.run();
            }
        }

        /// Uncounts a message that can't have left.
        void giveBack(Instant taken) {
            limits.giveBack(taken);
        }

        /// Returns when a message that found the limit used up should come again: each a step after
        /// the one before, so that a thousand of them do not come for one place.
        private Instant promise(Instant until, Instant now) {
            Instant next = promised.isBefore(until) ? until : promised.plus(limits.step());
            Instant latest = now.plus(PROMISE_MOST);
            promised = next.isAfter(latest) && latest.isAfter(until) ? latest : next;
            return promised;
        }

        /// Notes that mail waits for this egress to work.
        void awaitRecovery() {
            awaited = true;
        }

        /// Returns whether mail waits for this egress to work, which now does.
        boolean takeAwaited() {
            boolean was = awaited;
            awaited = false;
            return was;
        }
    }
}
