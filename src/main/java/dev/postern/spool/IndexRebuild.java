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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Builds a [QueueIndex] from the records of the journal, oldest first: the newest whole snapshot
/// of a queue id wins.
final class IndexRebuild {

    private static final Logger log = LoggerFactory.getLogger(IndexRebuild.class);

    /// What is said to operators about a recipient of a message whose content is damaged.
    static final String DAMAGED_REPLY =
            "not sent: its content is damaged on disk; see the spool's corrupt directory";

    /// The content of a message as far as it was seen.
    private record Chain(int first, long tail, long bytes, boolean whole) {

        boolean carries(MessageState snapshot, long link) {
            return whole && tail == link && bytes == snapshot.sizeBytes();
        }
    }

    private final QueueIndex queueIndex;
    private final Map<Long, Chain> chains = new HashMap<>();
    private final Map<Long, MessageState> damaged = new HashMap<>();
    private final Map<Long, Long> lost = new HashMap<>();
    private long lastId;

    IndexRebuild(QueueIndex queueIndex) {
        this.queueIndex = queueIndex;
    }

    /// Returns the largest queue id that was seen.
    long lastId() {
        return lastId;
    }

    /// Takes in a whole record.
    void take(RecordHeader header, long position, byte[] body) throws IOException {
        long id = header.id();
        lastId = Math.max(lastId, id);
        switch (type(header)) {
            case CONTENT -> content(header, position);
            case COMMITTING -> committing(id, position);
            case REMOVED -> removed(header, position);
            case ACCEPTED, SETTLED, HELD, RELEASED, RETRIED, DONE, COPIED ->
                    snapshot(
                            MessageStateCodec.decode(new QueueId(id), body),
                            header.link(),
                            position,
                            body.length);
        }
    }

    private static RecordType type(RecordHeader header) {
        RecordType type = header.type();
        if (type == null) {
            throw new IllegalStateException("the table kept a record of a newer program");
        }
        return type;
    }

    private void content(RecordHeader header, long position) {
        Chain before = chains.get(header.id());
        Chain now;
        if (header.link() == Position.NONE) {
            now = new Chain(Position.segment(position), position, header.length(), true);
        } else if (before != null && before.whole() && before.tail() == header.link()) {
            now = new Chain(before.first(), position, before.bytes() + header.length(), true);
        } else {
            now = new Chain(Position.segment(position), position, 0, false);
        }
        chains.put(header.id(), now);
    }

    private void committing(long id, long position) {
        synchronized (queueIndex) {
            int row = queueIndex.index().find(id);
            if (row != MessageTable.NONE) {
                queueIndex.index().set(row, MessageTable.DOUBTFUL, true);
            }
            queueIndex.segmentAt(position).possibleDuplicate();
        }
    }

    private void removed(RecordHeader header, long position) {
        long id = header.id();
        synchronized (queueIndex) {
            int row = queueIndex.index().find(id);
            if (row != MessageTable.NONE) {
                queueIndex.index().remove(row);
            }
            Segment segment = queueIndex.segmentAt(position);
            segment.knowsEnded(Position.segment(header.link()), Position.offset(header.link()));
        }
        chains.remove(id);
        damaged.remove(id);
        lost.remove(id);
    }

    private void snapshot(MessageState snapshot, long link, long position, int bytes) {
        long id = snapshot.id().value();
        lost.remove(id);
        Chain chain = chains.get(id);
        synchronized (queueIndex) {
            MessageTable index = queueIndex.index();
            int row = index.find(id);
            boolean known = row != MessageTable.NONE;
            if (!known) {
                row = index.add(id);
                index.first(row, Position.segment(position));
            }
            if (chain != null && chain.carries(snapshot, link)) {
                index.content(row, chain.first(), link, snapshot.sizeBytes());
                index.first(row, Math.min(index.first(row), chain.first()));
                chains.remove(id);
                damaged.remove(id);
            } else if (isContentMissing(snapshot, link, known, row)) {
                damaged.put(id, snapshot);
            }
            if (!snapshot.hasContent()) {
                damaged.remove(id);
            } else if (damaged.containsKey(id)) {
                damaged.put(id, snapshot);
            }
            queueIndex.describe(row, snapshot);
            index.head(row, position, bytes);
            queueIndex.catalogue().put(row, snapshot);
        }
    }

    /// Returns whether there is none of the content that a snapshot needs; a copy that lost its
    /// content can fall back to the place that was known before.
    private boolean isContentMissing(MessageState snapshot, long link, boolean known, int row) {
        MessageTable index = queueIndex.index();
        if (!snapshot.hasContent() || (snapshot.sizeBytes() == 0 && link == Position.NONE)) {
            return false;
        }
        boolean before = known && index.has(row, MessageTable.HAS_CONTENT);
        return !before || index.sizeBytes(row) != snapshot.sizeBytes();
    }

    /// Takes note of a record whose body is damaged.
    void lose(RecordHeader header, long position) {
        RecordType type = header.type();
        long id = header.id();
        lastId = Math.max(lastId, id);
        if (type == null || !type.isSnapshot()) {
            return;
        }
        synchronized (queueIndex) {
            int row = queueIndex.index().find(id);
            if (row == MessageTable.NONE) {
                lost.put(id, position);
            } else {
                queueIndex.index().set(row, MessageTable.DOUBTFUL, true);
                log.atError()
                        .addMarker(LogMark.EACH)
                        .addKeyValue("id", new QueueId(id))
                        .addKeyValue("position", Position.text(position))
                        .log("state damaged on disk, the one before is used: possible duplicate");
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
        for (MessageState snapshot : damaged.values()) {
            log.atError()
                    .addMarker(LogMark.EACH)
                    .addKeyValue("id", snapshot.id())
                    .addKeyValue("from", snapshot.envelope().sender())
                    .addKeyValue("to", snapshot.envelope().recipients())
                    .log("message not sent: its content is damaged on disk");
            reports.add(
                    snapshot.withoutContent(true)
                            .with(IndexRebuild::unsendable, snapshot.ageFrom(), now));
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
