package dev.postern.admin;

import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.spool.Intake;
import dev.postern.spool.MessageHistory;
import dev.postern.spool.Page;
import dev.postern.spool.Query;
import dev.postern.spool.QueuedMessage;
import dev.postern.spool.Settlement;
import dev.postern.spool.Spool;
import dev.postern.spool.SpoolStatus;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// A spool of what a test put in; what operators do is written down.
final class ListSpool implements Spool {

    final TreeMap<QueueId, MessageHistory> messages = new TreeMap<>(Collections.reverseOrder());
    final Map<QueueId, byte[]> octets = new TreeMap<>();
    final List<String> done = Collections.synchronizedList(new ArrayList<>());
    volatile Verdict verdict = Verdict.DONE;
    volatile String trouble;
    volatile RuntimeException failure;
    volatile Query lastQuery;

    void add(MessageHistory history) {
        messages.put(history.message().id(), history);
    }

    @Override
    public Page list(Query query) {
        if (failure != null) {
            throw failure;
        }
        lastQuery = query;
        List<QueuedMessage> found =
                messages.values().stream()
                        .map(MessageHistory::message)
                        .filter(m -> query.state() == null || m.state() == query.state())
                        .filter(m -> query.after() == null || m.id().compareTo(query.after()) < 0)
                        .toList();
        boolean more = found.size() > query.limit();
        List<QueuedMessage> page = more ? found.subList(0, query.limit()) : found;
        return new Page(page, more ? page.getLast().id() : null);
    }

    @Override
    public Optional<MessageHistory> find(QueueId id) {
        return Optional.ofNullable(messages.get(id));
    }

    @Override
    public Optional<MessageContent> content(QueueId id) {
        byte[] stored = octets.get(id);
        return stored == null ? Optional.empty() : Optional.of(new Stored(stored));
    }

    @Override
    public SpoolStatus status() {
        Map<State, Integer> counts = new EnumMap<>(State.class);
        for (State state : State.values()) {
            counts.put(state, 0);
        }
        messages.values().forEach(m -> counts.merge(m.message().state(), 1, Integer::sum));
        Instant oldest =
                messages.values().stream()
                        .filter(m -> !m.message().state().isFinal())
                        .map(m -> m.message().received())
                        .min(Instant::compareTo)
                        .orElse(null);
        return new SpoolStatus(Path.of("/spool"), 4096, 1 << 30, counts, oldest, trouble);
    }

    @Override
    public Verdict apply(Verb verb, QueueId id) {
        if (!messages.containsKey(id)) {
            return Verdict.UNKNOWN;
        }
        done.add(verb + " " + id);
        return verdict;
    }

    @Override
    public void shelve(QueueId id, int shelf) {
        throw new UnsupportedOperationException("no dispatcher here");
    }

    @Override
    public List<QueuedMessage> claim(int max, int shelf) {
        throw new UnsupportedOperationException("no dispatcher here");
    }

    @Override
    public Optional<Instant> nextDue(int shelf) {
        throw new UnsupportedOperationException("no dispatcher here");
    }

    @Override
    public void clearShelves() {
        throw new UnsupportedOperationException("no dispatcher here");
    }

    @Override
    public void keep(String name, byte[] octets) {
        throw new UnsupportedOperationException("nothing is kept here");
    }

    @Override
    public byte[] kept(String name) {
        throw new UnsupportedOperationException("nothing is kept here");
    }

    @Override
    public int flush() {
        done.add("FLUSH");
        return 3;
    }

    @Override
    public Intake receive() {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<QueuedMessage> claim(int max) {
        return List.of();
    }

    @Override
    public Optional<Instant> nextDue() {
        return Optional.empty();
    }

    @Override
    public void onWish(Consumer<Predicate<QueueId>> told) {}

    @Override
    public void onDue(Runnable wake) {}

    @Override
    public void committing(QueueId id, String egress, List<ForwardPath> recipients) {}

    @Override
    public void preparing(QueueId id) {}

    @Override
    public void prepared(QueueId id, boolean sending) {}

    @Override
    public void progress(QueueId id, Settlement soFar) {
        throw new UnsupportedOperationException("nothing is sent here");
    }

    @Override
    public void settle(QueueId id, Settlement settlement) {}

    @Override
    public int releaseAll(Reason reason) {
        return 0;
    }

    @Override
    public int hasten(Reason reason, Instant due, int most) {
        return 0;
    }

    @Override
    public void close() {}

    private static final class Stored implements MessageContent {

        private final byte[] stored;

        Stored(byte[] stored) {
            this.stored = stored;
        }

        @Override
        public long sizeBytes() {
            return stored.length;
        }

        @Override
        public ContentTraits traits() {
            return new ContentTraits(false, false, 78);
        }

        @Override
        public InputStream open() {
            return new ByteArrayInputStream(stored);
        }
    }
}
