package dev.postern.spool;

import dev.postern.mail.LogMark;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.State;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Builds a [QueueIndex] from the records of the journal, oldest first: the newest whole state of a
/// queue id wins.
final class IndexRebuild {

    private static final Logger log = LoggerFactory.getLogger(IndexRebuild.class);

    /// What is said to operators about a recipient of a message whose content is damaged.
    static final String DAMAGED_REPLY =
            "not sent: its content is damaged on disk; see the spool's corrupt directory";

    /// The content of a message as far as it was seen.
    private record Chain(int first, long tail, long bytes, boolean whole) {

        boolean carries(MessageState state, long link) {
            return whole && tail == link && bytes == state.message().sizeBytes();
        }
    }

    private final QueueIndex queueIndex;
    private final Map<Long, Chain> chains = new HashMap<>();
    private final Map<Long, MessageState> damaged = new HashMap<>();
    private final Map<Long, Long> lost = new HashMap<>();

    IndexRebuild(QueueIndex queueIndex) {
        this.queueIndex = queueIndex;
    }

    /// Takes in a whole record.
    void take(RecordHeader header, long position, byte[] body) throws IOException {
        long id = header.id();
        queueIndex.sawId(id);
        switch (Objects.requireNonNull(header.type())) {
            case CONTENT -> content(header, position);
            case COMMITTING -> committing(id, position);
            case REMOVED -> removed(header, position);
            case ACCEPTED, SETTLED, HELD, RELEASED, RETRIED, DONE, COPIED ->
                    state(
                            MessageStateCodec.decode(new QueueId(id), body),
                            header.link(),
                            position,
                            body.length);
        }
    }

    private void content(RecordHeader header, long position) {
        Chain before = chains.get(header.id());
        boolean first = header.link() == Position.NONE;
        if (!first && before != null && before.whole() && before.tail() == header.link()) {
            long bytes = before.bytes() + header.length();
            chains.put(header.id(), new Chain(before.first(), position, bytes, true));
        } else {
            int segment = Position.segment(position);
            chains.put(header.id(), new Chain(segment, position, header.length(), first));
        }
    }

    private void committing(long id, long position) {
        synchronized (queueIndex) {
            int row = queueIndex.table().find(id);
            if (row != MessageTable.NONE) {
                queueIndex.table().set(row, MessageTable.DOUBTFUL, true);
            }
            queueIndex.noted(RecordHeader.Type.COMMITTING, position, 0);
        }
    }

    private void removed(RecordHeader header, long position) {
        long id = header.id();
        synchronized (queueIndex) {
            int row = queueIndex.table().find(id);
            if (row != MessageTable.NONE) {
                queueIndex.table().remove(row);
            }
            queueIndex.noted(RecordHeader.Type.REMOVED, position, header.link());
        }
        chains.remove(id);
        damaged.remove(id);
        lost.remove(id);
    }

    private void state(MessageState state, long link, long position, int bytes) {
        long id = state.id().value();
        lost.remove(id);
        Chain chain = chains.get(id);
        synchronized (queueIndex) {
            MessageTable table = queueIndex.table();
            int row = table.find(id);
            boolean known = row != MessageTable.NONE;
            if (!known) {
                row = table.add(id);
                table.set(row, MessageTable.RECOVERED, true);
                table.first(row, Position.segment(position));
            }
            if (chain != null && chain.carries(state, link)) {
                table.content(row, chain.first(), link, state.message().sizeBytes());
                table.first(row, Math.min(table.first(row), chain.first()));
                chains.remove(id);
                damaged.remove(id);
            } else if (isContentMissing(state, link, known, row)) {
                damaged.put(id, state);
            }
            damaged.computeIfPresent(id, (_, _) -> state.hasContent() ? state : null);
            queueIndex.describe(row, state);
            table.head(row, position, bytes);
            queueIndex.catalogue().put(row, state);
        }
    }

    /// Returns whether there is none of the content that a state needs; a copy that lost its
    /// content can fall back to the place that was known before.
    private boolean isContentMissing(MessageState state, long link, boolean known, int row) {
        MessageTable table = queueIndex.table();
        if (!state.hasContent() || (state.message().sizeBytes() == 0 && link == Position.NONE)) {
            return false;
        }
        boolean before = known && table.has(row, MessageTable.HAS_CONTENT);
        return !before || table.sizeBytes(row) != state.message().sizeBytes();
    }

    /// Takes note of a record whose body is damaged.
    void lose(RecordHeader header, long position) {
        RecordHeader.Type type = header.type();
        long id = header.id();
        queueIndex.sawId(id);
        if (type == null || !type.isState()) {
            return;
        }
        synchronized (queueIndex) {
            int row = queueIndex.table().find(id);
            if (row == MessageTable.NONE) {
                lost.put(id, position);
            } else {
                queueIndex.table().set(row, MessageTable.DOUBTFUL, true);
                queueIndex.noted(RecordHeader.Type.COMMITTING, position, 0);
                log.atError()
                        .addMarker(LogMark.EACH)
                        .addKeyValue("id", new QueueId(id))
                        .addKeyValue("position", Position.text(position))
                        .log(
                                "state damaged on disk, the one before is used: possible"
                                        + " duplicate");
            }
        }
    }

    /// Reports messages that can't be sent and returns the states that say so, to be written.
    List<MessageState> reportDamage(Instant now) {
        lost.forEach((id, position) ->
                log.atError()
                        .addMarker(LogMark.EACH)
                        .addKeyValue("id", new QueueId(id))
                        .addKeyValue("position", Position.text(position))
                        .log("message lost: its envelope is damaged on disk"));
        List<MessageState> reports = new ArrayList<>();
        for (MessageState state : damaged.values()) {
            log.atError()
                    .addMarker(LogMark.EACH)
                    .addKeyValue("id", state.id())
                    .addKeyValue("from", state.envelope().sender())
                    .addKeyValue("to", state.envelope().recipients())
                    .log("message not sent: its content is damaged on disk");
            reports.add(
                    state.withoutContent(true)
                            .with(IndexRebuild::unsendable, state.ageFrom(), now));
        }
        return reports;
    }

    private static Recipient unsendable(Recipient recipient) {
        return recipient.state().isFinal()
                ? recipient
                : new Recipient(recipient.address(), State.FAILED, null, DAMAGED_REPLY, null);
    }

    /// Returns how many messages are without envelope or content.
    int damagedMessages() {
        return damaged.size() + lost.size();
    }
}
