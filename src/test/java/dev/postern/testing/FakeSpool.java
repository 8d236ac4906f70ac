package dev.postern.testing;

import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.ReversePath;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.spool.DueQueue;
import dev.postern.spool.DueQueue.Settlement;
import dev.postern.spool.MessageState;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A queue in memory for tests of those who use one. It keeps the rules of [DueQueue] and complains
/// of those who don't: a message that is settled without a claim, or with a recipient that was
/// final before, is an error.
public final class FakeSpool implements DueQueue {

    /// The octets of every message for which a test does not say otherwise.
    public static final byte[] OCTETS =
            "Subject: x\r\n\r\nx\r\n".getBytes(StandardCharsets.US_ASCII);

    private static final ContentTraits TRAITS = new ContentTraits(false, false, 10);

    private final InstantSource clock;
    private final Map<QueueId, MessageState> messages = new LinkedHashMap<>();
    private final Map<QueueId, List<Attempt>> history = new HashMap<>();
    private final Map<QueueId, byte[]> contents = new HashMap<>();
    private final Set<QueueId> claimed = new HashSet<>();
    private final List<QueueId> commitments = new ArrayList<>();
    private final Map<QueueId, Integer> settlements = new HashMap<>();
    private final Set<QueueId> preparing = new HashSet<>();
    private final Map<QueueId, Integer> shelves = new HashMap<>();
    private final Map<String, byte[]> keepsakes = new HashMap<>();
    private byte[] octets = OCTETS;
    private Runnable wake = () -> {};
    private Consumer<Predicate<QueueId>> wished = _ -> {};
    private long lastId;
    private int claims;
    private boolean failing;
    private boolean unreadable;
    private final List<String> violations = new ArrayList<>();
    private int given;
    private int progresses;

    /// Creates an empty spool.
    public FakeSpool(InstantSource clock) {
        this.clock = clock;
    }

    /// Adds a message that was just accepted, and wakes the dispatcher.
    public synchronized QueueId add(String sender, String... recipients) {
        QueueId id = QueueId.next(clock.millis(), lastId);
        lastId = id.value();
        contents.put(id, octets);
        List<ForwardPath> to = List.of(recipients).stream().map(ForwardPath::new).toList();
        Envelope envelope = new Envelope(new ReversePath(sender), to, false);
        Instant now = clock.instant();
        put(
                MessageState.queued(
                        id,
                        envelope,
                        new Origin("127.0.0.1", "app", "ESMTP", null),
                        now,
                        TRAITS,
                        "x"));
        return id;
    }

    /// Gives the messages that are added from now on these octets.
    public synchronized void octets(String text) {
        octets = text.getBytes(StandardCharsets.US_ASCII);
    }

    /// Puts a message in, or in the place of the one with its id.
    public synchronized void put(MessageState message) {
        messages.put(message.id(), message);
        wake.run();
    }

    /// Puts a message in with its history.
    public synchronized void put(MessageState message, List<Attempt> attempts) {
        history.put(message.id(), new ArrayList<>(attempts));
        put(message);
    }

    /// Returns a message as it is now.
    public synchronized MessageState get(QueueId id) {
        return Optional.ofNullable(messages.get(id)).orElseThrow();
    }

    /// Returns the history of a message.
    public synchronized List<Attempt> attempts(QueueId id) {
        return List.copyOf(history.getOrDefault(id, List.of()));
    }

    /// Returns how often a claim was asked for.
    public synchronized int claims() {
        return claims;
    }

    /// Returns the shelves that have a message.
    public synchronized Set<Integer> shelves() {
        return Set.copyOf(shelves.values());
    }

    /// Returns the ids that are claimed now.
    public synchronized Set<QueueId> claimed() {
        return Set.copyOf(claimed);
    }

    /// Returns what was noted before commit points: `id egress`.
    public synchronized List<QueueId> commitments() {
        return List.copyOf(commitments);
    }

    /// Makes the next claim, note or settlement fail.
    public synchronized void failNext() {
        failing = true;
    }

    private void fail() {
        boolean fails = failing;
        failing = false;
        if (fails) {
            throw new IllegalStateException("the spool fails because a test wants it");
        }
    }

    /// Makes everything that reads a message fail, or no longer.
    public synchronized void unreadable(boolean now) {
        unreadable = now;
    }

    private void read() {
        if (unreadable) {
            throw new IllegalStateException("no message can be read because a test wants it");
        }
    }

    private IllegalStateException violation(String rule) {
        violations.add(rule);
        return new IllegalStateException(rule);
    }

    /// Returns the rules that were broken.
    public synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    /// Returns how many claims were given out.
    public synchronized int given() {
        return given;
    }

    /// Returns how many claims were given back.
    public synchronized int settled() {
        return settlements.values().stream().mapToInt(Integer::intValue).sum();
    }

    /// Returns all messages as they are now.
    public synchronized List<MessageState> all() {
        return List.copyOf(messages.values());
    }

    /// Returns how often a message was settled.
    public synchronized int settlements(QueueId id) {
        return settlements.getOrDefault(id, 0);
    }

    @Override
    public synchronized List<MessageState> claim(int max, int shelf) {
        claims++;
        fail();
        List<MessageState> due =
                waiting()
                        .filter(message -> shelves.getOrDefault(message.id(), 0) == shelf)
                        .filter(message -> !message.due().isAfter(clock.instant()))
                        .sorted(
                                Comparator.comparing((MessageState m) -> m.state() != State.QUEUED)
                                        .thenComparing(MessageState::due)
                                        .thenComparing(MessageState::id))
                        .limit(max)
                        .toList();
        due.forEach(message -> claimed.add(message.id()));
        given += due.size();
        return due.stream().map(FakeSpool::sending).toList();
    }

    @Override
    public synchronized void shelve(QueueId id, int shelf) {
        if (!claimed.remove(id)) {
            throw violation("shelved without a claim: " + id);
        }
        given--;
        shelves.put(id, shelf);
    }

    @Override
    public synchronized void clearShelves() {
        shelves.clear();
    }

    private static MessageState sending(MessageState message) {
        return with(
                message,
                message.recipients().stream()
                        .map(r -> r.state().isFinal() ? r : in(r, State.SENDING, r.reason()))
                        .toList());
    }

    private Stream<MessageState> waiting() {
        return messages.values().stream()
                .filter(message -> !claimed.contains(message.id()))
                .filter(message -> !message.state().isFinal())
                .filter(message -> message.state() != State.HELD);
    }

    @Override
    public synchronized Optional<Instant> nextDue(int shelf) {
        return waiting()
                .filter(message -> shelves.getOrDefault(message.id(), 0) == shelf)
                .map(MessageState::due)
                .min(Comparator.naturalOrder());
    }

    @Override
    public synchronized void onDue(Runnable action) {
        wake = action;
    }

    @Override
    public synchronized void onWish(Consumer<Predicate<QueueId>> told) {
        wished = told;
    }

    @Override
    public synchronized void committing(QueueId id) {
        fail();
        if (!claimed.contains(id)) {
            throw violation("committing without a claim: " + id);
        }
        commitments.add(id);
    }

    @Override
    public synchronized void preparing(QueueId id) {
        if (!preparing.add(id)) {
            throw violation("prepared twice at once: " + id);
        }
    }

    @Override
    public synchronized void prepared(QueueId id, boolean sending) {
        if (!preparing.remove(id)) {
            throw violation("was not being prepared: " + id);
        }
    }

    /// Returns how often it was told what attempts brought so far.
    public synchronized int progresses() {
        return progresses;
    }

    /// Returns what is being prepared.
    public synchronized Set<QueueId> preparing() {
        return Set.copyOf(preparing);
    }

    @Override
    public synchronized void progress(QueueId id, Settlement soFar) {
        fail();
        if (!claimed.contains(id)) {
            throw violation("told without a claim: " + id);
        }
        progresses++;
        change(id, soFar, get(id).due());
    }

    @Override
    public synchronized void settle(QueueId id, Settlement settlement) {
        fail();
        if (!claimed.remove(id)) {
            throw violation("settled without a claim: " + id);
        }
        shelves.remove(id);
        settlements.merge(id, 1, Integer::sum);
        change(id, settlement, settlement.due());
        wake.run();
    }

    private void change(QueueId id, Settlement settlement, Instant due) {
        MessageState old = get(id);
        Map<ForwardPath, Recipient> changed = new HashMap<>();
        settlement.recipients().forEach(r -> changed.put(r.address(), r));
        for (Recipient recipient : old.recipients()) {
            if (recipient.state().isFinal() && changed.containsKey(recipient.address())) {
                throw violation("was final before: " + recipient);
            }
        }
        List<Recipient> recipients =
                old.recipients().stream().map(r -> changed.getOrDefault(r.address(), r)).toList();
        history.computeIfAbsent(id, _ -> new ArrayList<>()).addAll(settlement.attempts());
        Set<MessageState.Mark> marks =
                settlement.uncertain()
                        ? Set.of(MessageState.Mark.POSSIBLE_DUPLICATE)
                        : Set.<MessageState.Mark>of();
        int calls = old.attemptCount() + settlement.calls();
        messages.put(
                id,
                new MessageState(
                        old.message(), old.ageFrom(), due, recipients, List.of(), calls, marks));
    }

    @Override
    public synchronized int releaseAll() {
        List<MessageState> held =
                messages.values().stream()
                        .filter(m -> isIn(m, State.HELD, Reason.NO_EGRESS))
                        .toList();
        held.forEach(m -> {
            List<Recipient> freed =
                    m.recipients().stream()
                            .map(r ->
                                    r.reason() == Reason.NO_EGRESS ? in(r, State.QUEUED, null) : r)
                            .toList();
            messages.put(m.id(), with(m, freed));
        });
        wake.run();
        return held.size();
    }

    @Override
    public synchronized int hasten(Reason reason, Instant due, int most) {
        return dueAt(m -> isIn(m, State.DEFERRED, reason), due, most);
    }

    @Override
    public synchronized void keep(String name, byte[] octets) {
        keepsakes.put(name, octets.clone());
    }

    @Override
    public synchronized byte[] kept(String name) {
        return keepsakes.getOrDefault(name, new byte[0]).clone();
    }

    /// Does what an operator wants of all that is deferred.
    public synchronized int flush() {
        wished.accept(_ -> true);
        return dueAt(m -> m.state() == State.DEFERRED, clock.instant(), Integer.MAX_VALUE);
    }

    private int dueAt(Predicate<MessageState> which, Instant due, int most) {
        List<MessageState> late =
                messages.values().stream()
                        .filter(which)
                        .filter(m -> m.due().isAfter(due))
                        .sorted(Comparator.comparing(MessageState::due))
                        .limit(most)
                        .toList();
        late.forEach(m -> messages.put(m.id(), with(m, m.recipients(), due)));
        wake.run();
        return late.size();
    }

    private static boolean isIn(MessageState message, State state, Reason reason) {
        return message.recipients().stream()
                .anyMatch(r -> r.state() == state && r.reason() == reason);
    }

    private static Recipient in(Recipient r, State state, @Nullable Reason reason) {
        return new Recipient(r.address(), state, reason, r.reply(), r.egress());
    }

    private static MessageState with(MessageState m, List<Recipient> recipients) {
        return with(m, recipients, m.due());
    }

    private static MessageState with(MessageState m, List<Recipient> recipients, Instant due) {
        return new MessageState(
                m.message(),
                m.ageFrom(),
                due,
                recipients,
                m.attempts(),
                m.attemptCount(),
                m.marks());
    }

    /// Returns a message with another unchanging part.
    public static MessageState with(MessageState m, MessageState.Message message) {
        return new MessageState(
                message,
                m.ageFrom(),
                m.due(),
                m.recipients(),
                m.attempts(),
                m.attemptCount(),
                m.marks());
    }

    /// Returns the octets that a message has unless a test says otherwise.
    public static MessageContent octets() {
        return content(OCTETS);
    }

    private static MessageContent content(byte[] octets) {
        return new MessageContent() {
            @Override
            public long sizeBytes() {
                return octets.length;
            }

            @Override
            public ContentTraits traits() {
                return TRAITS;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(octets);
            }
        };
    }

    @Override
    public synchronized Optional<MessageContent> content(QueueId id) {
        read();
        return messages.containsKey(id)
                ? Optional.of(content(contents.getOrDefault(id, OCTETS)))
                : Optional.empty();
    }

    @Override
    public synchronized List<Attempt> history(QueueId id) {
        read();
        return attempts(id);
    }

    /// Does what an operator wants of one message.
    public synchronized void retry(QueueId id) {
        wished.accept(id::equals);
        dueAt(m -> m.id().equals(id), clock.instant(), 1);
    }
}
