package dev.postern.dispatch;

import dev.postern.mail.ForwardPath;
import dev.postern.mail.HeaderSection;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.ReversePath;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.OutcomeClass;
import dev.postern.reception.ImmediateDelivery;
import dev.postern.spool.DueQueue.Settlement;
import dev.postern.spool.MessageState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One message on its round through the egresses: from its claim, or from the moment its client
/// waits, until all its recipients are done, wait, or are given up. It knows what an outcome means
/// for a recipient (the classes are in docs/troubles.md), and nothing of threads, slots and spools.
/// Confined to the dispatcher's tasks.
final class DeliveryRound {

    /// How long an egress that perhaps took a message is left alone with it.
    static final Duration UNCERTAIN_WAIT = Duration.ofMinutes(5);

    /// So often in a row an egress may defer a recipient before the next egress is asked: some say
    /// 450 to what they will never take.
    static final int DEFERRALS_MAX = 3;

    private final MessageState message;
    private final Supplier<MessageContent> content;
    private final Supplier<List<Attempt>> history;
    private final Schedule schedule;
    private final @Nullable CompletableFuture<ImmediateDelivery.Result> client;

    private final Deque<RecipientGroup> groups = new ArrayDeque<>();
    private final SequencedMap<ForwardPath, Recipient> now = new LinkedHashMap<>();
    private final List<Attempt> attempts = new ArrayList<>();
    private final Set<ForwardPath> told = new HashSet<>();
    private final List<Outcome.Rejected> refusals = new ArrayList<>();
    private final Map<String, Skip> rests = new HashMap<>();
    private @Nullable ReversePath author;
    private int calls;
    private boolean uncertain;
    private @Nullable Instant uncertainUntil;
    private @Nullable Instant due;
    private Instant notBefore = Instant.MIN;
    private AttemptRunner.@Nullable RunningAttempt underWay;
    private boolean hurried;
    private Runnable patience = () -> {};
    private boolean ended;
    private boolean waitingForSlot;

    private DeliveryRound(
            MessageState message,
            Supplier<MessageContent> content,
            Supplier<List<Attempt>> history,
            Schedule schedule,
            @Nullable CompletableFuture<ImmediateDelivery.Result> client) {
        this.message = message;
        this.content = content;
        this.history = history;
        this.schedule = schedule;
        this.client = client;
    }

    /// Returns the round of a claimed message. Its recipients form a group of all that may go
    /// anywhere, and one for each egress that perhaps took some of them before.
    ///
    /// @param history the attempts that the spool knows, those of this round included
    /// @param uncertainUntil before when the uncertain ones are left alone
    /// @param rests the egresses that are not to be asked yet
    static DeliveryRound claimed(
            MessageState message,
            Supplier<MessageContent> content,
            Supplier<List<Attempt>> history,
            Schedule schedule,
            Instant uncertainUntil,
            List<Skip> rests,
            Instant at) {
        DeliveryRound round = new DeliveryRound(message, content, history, schedule, null);
        round.depart(uncertainUntil, at);
        rests.forEach(round::rest);
        return round;
    }

    /// Returns the round of a message whose client waits, and that nobody tried to send yet.
    static DeliveryRound immediate(
            MessageState message,
            MessageContent content,
            Schedule schedule,
            CompletableFuture<ImmediateDelivery.Result> client) {
        DeliveryRound round = new DeliveryRound(message, () -> content, List::of, schedule, client);
        round.groups.add(new RecipientGroup(message.envelope().recipients(), null, false));
        return round;
    }

    private void depart(Instant uncertainUntil, Instant at) {
        List<ForwardPath> free = new ArrayList<>();
        Map<String, List<ForwardPath>> pinned = new LinkedHashMap<>();
        for (Recipient recipient : message.recipients()) {
            String egress = recipient.egress();
            if (recipient.state().isFinal()) {
                continue;
            }
            if (recipient.reason() != Reason.UNCERTAIN || egress == null) {
                free.add(recipient.address());
            } else if (at.isBefore(uncertainUntil)) {
                uncertain = true;
                waitUntil(uncertainUntil);
            } else {
                pinned.computeIfAbsent(egress, _ -> new ArrayList<>()).add(recipient.address());
            }
        }
        if (!free.isEmpty()) {
            // A crash left a mark on the whole message; a lost answer is told by its own
            // recipients.
            boolean crashed = message.possibleDuplicate() && pinned.isEmpty() && !uncertain;
            groups.add(new RecipientGroup(free, null, crashed));
        }
        pinned.forEach(
                (egress, recipients) -> groups.add(new RecipientGroup(recipients, egress, true)));
    }

    private void rest(Skip skip) {
        rests.put(skip.egress(), skip);
        for (RecipientGroup group : groups) {
            if (group.pin() == null) {
                group.ask(skip.egress());
                group.recipients().forEach(to -> group.skip(to, skip));
            }
        }
    }

    /// Returns the egresses that asked to be left alone with this message.
    Collection<Skip> rests() {
        return rests.values();
    }

    /// Returns the message as it was when the round began.
    MessageState message() {
        return message;
    }

    QueueId id() {
        return message.id();
    }

    /// Returns whose mail this is: its sender's, or where it has none, as bounces and cron's mail,
    /// that of whom its From field names first.
    ///
    /// @throws UncheckedIOException when the content can't be read
    ReversePath author() {
        if (author == null) {
            ReversePath sender = message.envelope().sender();
            author = sender.isNull() ? HeaderSection.author(content()) : sender;
        }
        return author;
    }

    MessageContent content() {
        return content.get();
    }

    /// Returns the client that waits; null for a claimed message.
    @Nullable CompletableFuture<ImmediateDelivery.Result> client() {
        return client;
    }

    /// Returns the group to go next; null when the round is over.
    @Nullable RecipientGroup group() {
        return groups.peek();
    }

    AttemptRunner.@Nullable RunningAttempt underWay() {
        return underWay;
    }

    void underWay(AttemptRunner.@Nullable RunningAttempt call) {
        underWay = call;
    }

    /// Returns whether its client's patience has ended, so that no further egress is asked.
    boolean isHurried() {
        return hurried;
    }

    void hurry() {
        hurried = true;
    }

    /// Sets what ends the wait for its client's patience.
    void patience(Runnable stopped) {
        patience = stopped;
    }

    boolean isEnded() {
        return ended;
    }

    void end() {
        ended = true;
        patience.run();
    }

    /// Notes that it was to be called, and no slot was free.
    void waitsForSlot() {
        waitingForSlot = true;
    }

    boolean isWaitingForSlot() {
        return waitingForSlot;
    }

    /// Notes that an egress was called.
    ///
    /// @param lines of history
    void noteCall(List<Attempt> lines) {
        calls++;
        attempts.addAll(lines);
    }

    /// Notes that the spool knows already what became of these recipients.
    void noteTold(Collection<ForwardPath> recipients) {
        told.addAll(recipients);
    }

    /// Notes that an egress would spoil the content of the current group, which looks for another.
    void declined(String egress, String words, Instant at) {
        groups.element().decline(new Skip(egress, Skip.Why.FINAL, words, at, null));
    }

    /// Returns what one egress has said of the message until now, oldest first.
    private List<Attempt> historyOf(String egress) {
        boolean asked = message.attemptCount() + calls > 0;
        return Stream.concat(asked ? history.get().stream() : Stream.empty(), attempts.stream())
                .filter(line -> line.egress().equals(egress))
                .toList();
    }

    /// Returns how often each recipient was deferred in a row up to now.
    private static Map<ForwardPath, Integer> deferredInRow(List<Attempt> lines) {
        Map<ForwardPath, Integer> inRow = new HashMap<>();
        Set<ForwardPath> ended = new HashSet<>();
        for (Attempt line : lines.reversed()) {
            for (ForwardPath to : line.recipients()) {
                if (line.outcome() != OutcomeClass.DEFERRED) {
                    ended.add(to);
                } else if (!ended.contains(to)) {
                    inRow.merge(to, 1, Integer::sum);
                }
            }
        }
        return inRow;
    }

    /// Returns whether an egress that is unavailable to this message again is so to it alone: it
    /// took other mail since the last time. From then on that holds until the egress says anything
    /// else of this message, which so never gets more attempts than its schedule has.
    ///
    /// @param lastAccepted when the egress took any mail last
    boolean isAlone(String egress, Instant lastAccepted) {
        List<Recipient> before = message.recipients();
        boolean waited = before.stream().anyMatch(r -> r.reason() == Reason.EGRESS_DOWN);
        boolean putOff =
                before.stream()
                        .anyMatch(r -> r.reason() == Reason.RECIPIENT && egress.equals(r.egress()));
        List<Attempt> lines = historyOf(egress);
        Attempt last = lines.isEmpty() ? null : lines.getLast();
        return last != null
                && last.outcome() == OutcomeClass.UNAVAILABLE
                && last.at()
                        .plus(last.took())
                        .isBefore(putOff && !waited ? Instant.MAX : lastAccepted);
    }

    /// Notes what one call of an egress brought for the current group.
    ///
    /// @param outcomes of all the group's recipients
    /// @param alone whether the egress is unavailable to this message alone: see [#isAlone]
    void called(String egress, Map<ForwardPath, Outcome> outcomes, boolean alone, Instant at) {
        RecipientGroup group = groups.element();
        boolean wasPinned = egress.equals(group.pin());
        group.ask(egress);
        // What is done comes first: whatever happens with the others, it must not be forgotten.
        outcomes.forEach((recipient, outcome) ->
                ended(recipient, egress, outcome).ifPresent(done -> decide(group, done)));
        boolean deferred = outcomes.values().stream().anyMatch(Outcome.Deferred.class::isInstance);
        Map<ForwardPath, Integer> inRow = deferred ? deferredInRow(historyOf(egress)) : Map.of();
        outcomes.forEach((to, outcome) -> {
            boolean further = inRow.getOrDefault(to, 0) >= DEFERRALS_MAX;
            switch (outcome) {
                case Outcome.Accepted _ -> {}
                case Outcome.Rejected refusal -> refusals.add(refusal);
                case Outcome.Deferred(String reply, var wish, boolean forAll) -> {
                    // What is asked of all mail is no answer to this recipient.
                    if (further && !forAll) {
                        group.skip(to, Skip.putOff(egress, reply, at, wish));
                    } else {
                        notBefore(at.plus(Schedule.atLeast(wish)));
                        Reason reason = forAll ? Reason.LIMITED : Reason.RECIPIENT;
                        defer(group, waiting(to, reason, reply, egress), at, at.plus(wait(at)));
                    }
                }
                case Outcome.Uncertain(String reply) -> {
                    uncertainUntil = at.plus(UNCERTAIN_WAIT);
                    Instant again = at.plus(Collections.max(List.of(wait(at), UNCERTAIN_WAIT)));
                    defer(group, waiting(to, Reason.UNCERTAIN, reply, egress), at, again);
                }
                case Outcome.Unsuited(String reply, var unsuitability) ->
                        group.skip(to, Skip.unsuited(egress, unsuitability, reply, at));
                case Outcome.Unavailable(String reply, _, var wish, _) -> {
                    if (wasPinned) {
                        // Another egress would be a second chance of a duplicate; this one is
                        // waited for.
                        Recipient waiting = waiting(to, Reason.UNCERTAIN, reply, egress);
                        defer(group, waiting, at, at.plus(wait(at)));
                    } else if (alone) {
                        group.skip(to, Skip.putOff(egress, reply, at, wish));
                    } else {
                        Skip down = Skip.down(egress, reply, at, wish);
                        rests.put(egress, down);
                        group.skip(to, down);
                    }
                }
            }
        });
        if (group.isEmpty()) {
            groups.remove();
        }
    }

    /// Returns a recipient for whom an outcome is the last one.
    static Optional<Recipient> ended(ForwardPath to, String egress, Outcome outcome) {
        return switch (outcome) {
            case Outcome.Accepted(String reply, _, _) ->
                    Optional.of(new Recipient(to, State.SENT, null, reply, egress));
            case Outcome.Rejected(String reply) ->
                    Optional.of(new Recipient(to, State.FAILED, null, reply, egress));
            case Outcome.Deferred _,
                    Outcome.Uncertain _,
                    Outcome.Unsuited _,
                    Outcome.Unavailable _ ->
                    Optional.empty();
        };
    }

    /// Ends the current group, whose pinned egress can't be asked now: its recipients wait for it.
    ///
    /// @param again when to look again
    void stay(Skip skip, Instant again) {
        RecipientGroup group = groups.element();
        for (ForwardPath to : group.recipients()) {
            defer(
                    group,
                    waiting(to, Reason.UNCERTAIN, skip.words(), skip.egress()),
                    skip.failedAt(),
                    again);
        }
        groups.remove();
    }

    /// Ends the current group: no egress is left to ask.
    ///
    /// @param skipped why the egresses that were not asked were not
    void strand(List<Skip> skipped, Instant at) {
        RecipientGroup group = groups.element();
        for (ForwardPath to : group.recipients()) {
            List<Skip> all = new ArrayList<>(group.skips(to));
            all.addAll(skipped);
            strand(group, to, all, at);
        }
        groups.remove();
    }

    private void strand(RecipientGroup group, ForwardPath to, List<Skip> skips, Instant at) {
        if (skips.isEmpty()) {
            waitUntil(at);
            uncertain |= group.isPossiblyDuplicate();
            String words = "no egress is configured";
            decide(group, new Recipient(to, State.HELD, Reason.NO_EGRESS, words, null));
            return;
        }
        Skip worst = skips.stream().min(Comparator.comparing(Skip::why)).orElseThrow();
        Instant failedAt = Skip.latestFailure(skips, worst.why());
        switch (worst.why()) {
            case PUT_OFF -> putOff(group, to, skips, worst, at);
            case DOWN -> {
                Instant wished = Skip.soonestWish(skips, worst.why(), at);
                Instant again = Skip.soonestRoom(skips, at.plus(pause(group, at)));
                if (skips.stream().noneMatch(skip -> skip.why() == Skip.Why.LIMITED)) {
                    notBefore(wished);
                }
                defer(group, waiting(to, Reason.EGRESS_DOWN, worst), failedAt, again);
            }
            case LIMITED -> {
                Instant until = worst.until() == null ? at : worst.until();
                defer(group, waiting(to, Reason.LIMITED, worst), null, until);
            }
            case FAULT, MENDABLE, OTHERS_SENDER -> {
                Reason reason = worst.why() == Skip.Why.FAULT ? Reason.RECIPIENT : Reason.UNSUITED;
                defer(group, waiting(to, reason, worst), failedAt, at.plus(pause(group, at)));
            }
            case FINAL -> {
                refusals.add(new Outcome.Rejected(worst.words()));
                decide(group, new Recipient(to, State.FAILED, null, worst.words(), worst.egress()));
            }
        }
    }

    /// Makes a recipient wait whom some egresses put off. Where others were not asked, their return
    /// is to bring it, though not back to those: they rest as long as the schedule says.
    private void putOff(
            RecipientGroup group, ForwardPath to, List<Skip> skips, Skip worst, Instant at) {
        Instant scheduled = at.plus(pause(group, at));
        Instant failedAt = Skip.latestFailure(skips, worst.why());
        Optional<Skip> down =
                skips.stream().filter(skip -> skip.why() == Skip.Why.DOWN).findFirst();
        Instant room = Skip.soonestRoom(skips, Instant.MAX);
        if (down.isEmpty() && room.equals(Instant.MAX)) {
            notBefore(Skip.soonestWish(skips, worst.why(), at));
            defer(group, waiting(to, Reason.RECIPIENT, worst), failedAt, scheduled);
            return;
        }
        List<Skip> resting = new ArrayList<>();
        for (Skip skip : skips) {
            if (skip.why() == Skip.Why.PUT_OFF) {
                Skip rest = rests.get(skip.egress());
                if (rest == null || !rest.lasts(at)) {
                    rest = skip.restingUntil(scheduled);
                    rests.put(skip.egress(), rest);
                }
                resting.add(rest);
            }
        }
        Instant over = Skip.soonestWish(resting, worst.why(), at);
        Instant again = room.isBefore(over) ? room : over;
        Recipient waiting =
                down.map(skip -> waiting(to, Reason.EGRESS_DOWN, skip))
                        .orElseGet(() -> waiting(to, Reason.RECIPIENT, worst));
        defer(group, waiting, failedAt, again);
    }

    private Duration pause(RecipientGroup group, Instant at) {
        boolean asked = group.recipients().stream().anyMatch(to -> !group.skips(to).isEmpty());
        return asked ? wait(at) : schedule.idle(age(at));
    }

    private Duration wait(Instant at) {
        return schedule.after(message.attemptCount() + calls, age(at));
    }

    private Duration age(Instant at) {
        return Duration.between(message.ageFrom(), at);
    }

    /// Makes a recipient wait, or gives it up when a failure was seen after its time was over.
    private void defer(
            RecipientGroup group, Recipient waiting, @Nullable Instant failedAt, Instant again) {
        if (client == null && failedAt != null && schedule.isLast(message.ageFrom(), failedAt)) {
            String words = schedule.expired(waiting.reply() == null ? "" : waiting.reply());
            decide(
                    group,
                    new Recipient(waiting.address(), State.FAILED, null, words, waiting.egress()));
            return;
        }
        Recipient remembered = rememberPin(group, waiting);
        uncertain |= remembered.reason() == Reason.UNCERTAIN;
        waitUntil(again);
        decide(group, remembered);
    }

    /// While its pin was not asked, the doubt goes on, whatever others said.
    private static Recipient rememberPin(RecipientGroup group, Recipient waiting) {
        String pin = group.pin();
        return pin == null || waiting.reason() == Reason.UNCERTAIN
                ? waiting
                : waiting(
                        waiting.address(),
                        Reason.UNCERTAIN,
                        waiting.reply() == null ? "" : waiting.reply(),
                        pin);
    }

    private void decide(RecipientGroup group, Recipient recipient) {
        group.leave(recipient.address());
        now.put(recipient.address(), recipient);
    }

    private static Recipient waiting(ForwardPath to, Reason reason, String reply, String egress) {
        return new Recipient(to, State.DEFERRED, reason, reply, egress);
    }

    private static Recipient waiting(ForwardPath to, Reason reason, Skip skip) {
        return waiting(to, reason, skip.words(), skip.egress());
    }

    private void waitUntil(Instant again) {
        due = due == null || again.isBefore(due) ? again : due;
    }

    private void notBefore(Instant at) {
        notBefore = at.isAfter(notBefore) ? at : notBefore;
    }

    /// Ends the round where it stands: what is not decided waits for the next one, at once.
    void breakOff(String words, Instant at) {
        breakOff(words, at, at);
    }

    /// Ends the round where our own fault left it: what is not decided waits by the schedule.
    void fail(String words, Instant at) {
        breakOff(words, at, at.plus(schedule.idle(age(at))));
    }

    private void breakOff(String words, Instant at, Instant again) {
        for (@Nullable RecipientGroup group = groups.poll(); group != null; group = groups.poll()) {
            if (client == null) {
                waitUntil(again);
                continue;
            }
            for (ForwardPath to : group.recipients()) {
                Recipient recipient =
                        new Recipient(to, State.DEFERRED, Reason.EGRESS_DOWN, words, null);
                defer(group, recipient, null, at.plus(pause(group, at)));
            }
        }
    }

    /// Returns all recipients as they stand now.
    List<Recipient> recipients() {
        return message.recipients().stream()
                .map(old -> now.getOrDefault(old.address(), old))
                .toList();
    }

    /// Returns whether the recipients that wait do so for other reasons than before.
    boolean waitsAnew() {
        return MessageState.reasons(recipients()) != MessageState.reasons(message.recipients());
    }

    /// Returns the recipients that wait after this round, as far as it touched them.
    List<Recipient> waitingOnes() {
        return now.values().stream().filter(r -> !r.state().isFinal()).toList();
    }

    /// Returns until when this message is left alone because of an answer lost in this round.
    Optional<Instant> uncertainUntil() {
        return Optional.ofNullable(uncertainUntil);
    }

    /// Returns whether `egress` accepted it for someone in this round.
    boolean hasAccepted(String egress) {
        return now.values().stream()
                .anyMatch(r -> r.state() == State.SENT && egress.equals(r.egress()));
    }

    /// Returns when the message is due next, given that the round ends `at`.
    Instant due(Instant at) {
        Instant next = due == null ? at : due;
        return next.isBefore(notBefore) ? notBefore : next;
    }

    /// Returns what the spool is to know.
    Settlement settlement(Instant at) {
        List<Recipient> changed =
                now.values().stream().filter(r -> !told.contains(r.address())).toList();
        return new Settlement(calls, attempts, changed, due(at), uncertain);
    }

    /// Returns what the client that waits is to know.
    ImmediateDelivery.Result result(Instant at) {
        List<Recipient> all = recipients();
        Recipient sent = all.stream().filter(r -> r.state() == State.SENT).findFirst().orElse(null);
        if (sent != null) {
            return new ImmediateDelivery.Result.Taken(
                    all,
                    attempts,
                    due(at),
                    Objects.requireNonNull(sent.egress()),
                    Objects.requireNonNullElse(sent.reply(), ""));
        }
        boolean refused = all.stream().allMatch(r -> r.state() == State.FAILED);
        if (refused && !refusals.isEmpty()) {
            return new ImmediateDelivery.Result.Refused(refusals.getFirst().reply());
        }
        Recipient owed =
                all.stream().filter(r -> !r.state().isFinal()).findFirst().orElse(all.getFirst());
        return new ImmediateDelivery.Result.NotNow(Objects.requireNonNullElse(owed.reply(), ""));
    }
}
