package dev.postern.admin;

import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import dev.postern.mail.State;
import dev.postern.spool.MessageState;
import dev.postern.spool.QueueAdmin;
import dev.postern.spool.QueueAdmin.Page;
import dev.postern.spool.QueueAdmin.Query;
import dev.postern.spool.QueueAdmin.SpoolStatus;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A queue of what a test put in; what operators do is written down.
final class ListSpool implements QueueAdmin {

    final TreeMap<QueueId, MessageState> messages = new TreeMap<>(Collections.reverseOrder());
    final Map<QueueId, byte[]> octets = new TreeMap<>();
    final List<String> done = Collections.synchronizedList(new ArrayList<>());
    volatile boolean complete = true;
    volatile Verdict verdict = Verdict.DONE;
    volatile String trouble;
    volatile RuntimeException failure;
    volatile Query lastQuery;

    void add(MessageState history) {
        messages.put(history.id(), history);
    }

    @Override
    public boolean awaitComplete(Duration most) {
        return complete;
    }

    @Override
    public Page list(Query query) {
        if (failure != null) {
            throw failure;
        }
        lastQuery = query;
        List<MessageState> found =
                messages.values().stream()
                        .filter(m -> query.state() == null || m.state() == query.state())
                        .filter(m -> query.after() == null || m.id().compareTo(query.after()) < 0)
                        .toList();
        boolean more = found.size() > query.limit();
        List<MessageState> page = more ? found.subList(0, query.limit()) : found;
        return new Page(page, more ? page.getLast().id() : null);
    }

    @Override
    public Optional<MessageState> find(QueueId id) {
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
        messages.values().forEach(m -> counts.merge(m.state(), 1, Integer::sum));
        Instant oldest =
                messages.values().stream()
                        .filter(m -> !m.state().isFinal())
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
    public int flush() {
        done.add("FLUSH");
        return 3;
    }

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
