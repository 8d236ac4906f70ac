package dev.postern.spool;

import dev.postern.mail.QueueId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gives the room of segments back. On the [Writer]'s thread.
///
/// Purpose: a segment file goes when nothing in it is needed; one that has little that is needed
/// has that copied to the end of the journal first, so that a held message does not pin 16 MiB
/// each.
///
/// Contract: a segment goes only when
///
/// - no message has its newest state or its content there, no reception is writing there, nobody
///   reads there, and
/// - no older segment is left that may have a message in it which this one says is gone: else the
///   end would go, the beginning stay, and a sent message be sent again after a restart, and
/// - it does not name the end of a segment whose file is longer.
///
/// A message is copied as one group, its content before its state, and the copies are synced before
/// the table knows of them; until then the source stays. A directory is synced between the removal
/// of a segment and that of one that was needed because of it.
///
/// *Diagnostics*: a message that can't be read stays where it is, with its segment, and is logged
/// once.
///
/// Limits: a step copies [#STEP_BYTES] or one message; the last step of a segment writes the notes
/// besides that it has, [#NOTE_BYTES] of possible duplicates at most.
final class Compaction {

    private static final Logger log = LoggerFactory.getLogger(Compaction.class);

    /// Octets that are copied between two batches of work: less where segments are tiny.
    static final long STEP_BYTES = 256 * 1024;

    /// Octets of notes of possible duplicates that are written between two batches of work.
    private static final long NOTE_BYTES = 16 * STEP_BYTES;

    private static final double WORTHWHILE = 0.5;
    private static final double WORTHWHILE_WHEN_SHORT = 0.9;
    private static final int SMALL_FRACTION = 8;
    private static final int MANY_SMALL = 8;

    private final QueueIndex queueIndex;
    private final Disk disk;
    private final JournalReader reader;
    private final Journal journal;
    private final int smallBytes;
    private final long stepBytes;
    private final IntSupplier oldestReception;
    private final List<Integer> stuck = new ArrayList<>();

    private @Nullable Segment source;
    private long[] ids = {};
    private int next;
    private boolean tableSearched;

    /// A message that was copied and is not yet known to be there.
    ///
    /// @param headBytes octets of its state
    /// @param bytes octets of content and state
    private record Move(
            long id, QueueIndex.@Nullable Place content, long head, int headBytes, long bytes) {}

    /// A message that is gone.
    ///
    /// @param range the segments that may know it
    private record End(long id, long range) {}

    /// @param oldestReception gives the oldest segment with content of a reception that is under
    ///   way
    Compaction(
            QueueIndex queueIndex,
            Disk disk,
            JournalReader reader,
            Journal journal,
            Journal.Format format,
            IntSupplier oldestReception) {
        this.queueIndex = queueIndex;
        this.disk = disk;
        this.reader = reader;
        this.journal = journal;
        this.smallBytes = format.segmentBytes() / SMALL_FRACTION;
        this.stepBytes = Math.min(STEP_BYTES, smallBytes);
        this.oldestReception = oldestReception;
    }

    /// Removes segments that nothing needs, and chooses one to copy from.
    ///
    /// @param shortOfRoom whether to go for the last octet
    void look(boolean shortOfRoom) throws IOException {
        removeDead();
        if (shortOfRoom) {
            endWastefulSegment();
        }
        if (source == null) {
            choose(shortOfRoom);
        }
    }

    private void removeDead() throws IOException {
        List<Segment> dead;
        synchronized (queueIndex) {
            dead = dead(Integer.MAX_VALUE);
        }
        if (dead.isEmpty()) {
            return;
        }
        List<Segment> certain =
                dead.stream().filter(each -> !each.hasPossibleDuplicates()).toList();
        boolean restated = certain.size() < dead.size() && isRestated(dead);
        List<Segment> going = restated ? dead : certain;
        if (journal.isDirty()) {
            // The newer state that made an old one needless may be among what is not yet on disk.
            journal.sync();
        }
        synchronized (queueIndex) {
            // Or it still waits to be written: such segments go a second later.
            dead = dead(queueIndex.oldestUnwritten()).stream().filter(going::contains).toList();
            if (restated) {
                going.forEach(Segment::possibleDuplicatesAreKnownElsewhere);
            }
        }
        dead.forEach(this::remove);
    }

    /// Says again which messages were perhaps sent, for segments that say it.
    ///
    /// @return false when that is [not worth it][#areNotesFew]
    private boolean isRestated(List<Segment> dead) throws IOException {
        synchronized (queueIndex) {
            long givenBytes = 0;
            for (Segment segment : dead) {
                givenBytes += segment.hasPossibleDuplicates() ? segment.endBytes() : 0;
            }
            if (!areNotesFew(givenBytes)) {
                return false;
            }
        }
        restate();
        return true;
    }

    /// Returns whether notes of all possible duplicates are few, by themselves and beside the
    /// octets that they help to give back. What else needs them waits for more of its kind, or for
    /// the messages to go: the notes are needed in their new place too, and would be written again
    /// and again.
    private boolean areNotesFew(long givenBytes) {
        long noteBytes = (long) queueIndex.table().possibleDuplicates() * RecordHeader.BYTES;
        return noteBytes <= stepBytes || (noteBytes <= NOTE_BYTES && noteBytes <= givenBytes / 2);
    }

    private List<Segment> dead(int below) {
        return queueIndex.segments().headMap(below).values().stream().filter(this::isDead).toList();
    }

    /// Removes segments that nothing needs by what the disk itself knows, without a write: on a
    /// full disk that is what makes writes possible again.
    void removeWithoutWriting() {
        List<Segment> dead;
        synchronized (queueIndex) {
            boolean certain = queueIndex.table().possibleDuplicates() == 0;
            int newest = queueIndex.segments().isEmpty() ? 0 : queueIndex.segments().lastKey();
            dead =
                    dead(Math.min(newest, queueIndex.oldestUnwritten())).stream()
                            .filter(segment -> certain || !segment.hasPossibleDuplicates())
                            .toList();
        }
        dead.forEach(this::remove);
    }

    private void remove(Segment segment) {
        try {
            disk.delete(segment.file());
            disk.syncDirectory(queueIndex.directory());
        } catch (IOException e) {
            log.atWarn()
                    .setCause(e)
                    .addKeyValue("segment", segment.number())
                    .log("segment can't be removed");
            return;
        }
        queueIndex.removeSegment(segment);
        log.atDebug().addKeyValue("segment", segment.number()).log("segment removed");
    }

    private boolean isDead(Segment segment) {
        Segment before = queueIndex.segments().get(segment.predecessor());
        return isClosed(segment)
                && !segment.isLive()
                && !segment.isRead()
                // It may say that messages are gone which an older segment may know.
                && !isThereOneIn(segment.knownFrom(), segment.knownTo())
                && (before == null || !before.isOverhanging());
    }

    private boolean isClosed(Segment segment) {
        return segment.number() != journal.activeSegment()
                && segment.number() < oldestReception.getAsInt();
    }

    private boolean isThereOneIn(int first, int last) {
        Integer found = queueIndex.segments().ceilingKey(first);
        return found != null && found <= last;
    }

    private void endWastefulSegment() throws IOException {
        boolean wasteful;
        synchronized (queueIndex) {
            Segment active = queueIndex.segments().get(journal.activeSegment());
            wasteful =
                    active != null
                            && active.endBytes() > smallBytes
                            && active.liveBytes() < active.endBytes() * WORTHWHILE;
        }
        if (wasteful) {
            journal.roll();
        }
    }

    private void choose(boolean shortOfRoom) {
        Segment best = best(shortOfRoom);
        if (best == null) {
            return;
        }
        LongStream.Builder found = LongStream.builder();
        if (isScanned(best, header -> found.add(header.id()))) {
            ids = distinct(found.build().sorted().toArray());
            next = 0;
            tableSearched = false;
            source = best;
        } else {
            stuck.add(best.number());
        }
    }

    private @Nullable Segment best(boolean shortOfRoom) {
        synchronized (queueIndex) {
            double worthwhile = shortOfRoom ? WORTHWHILE_WHEN_SHORT : WORTHWHILE;
            boolean manySmall =
                    queueIndex.segments().values().stream().filter(this::isSmall).count()
                            > MANY_SMALL;
            Segment best = null;
            for (Segment segment : queueIndex.segments().values()) {
                boolean worth = share(segment) <= worthwhile || (manySmall && isSmall(segment));
                boolean possible =
                        isClosed(segment)
                                && !isDead(segment)
                                && !segment.isRead()
                                && !stuck.contains(segment.number());
                boolean notes = !segment.hasPossibleDuplicates() || areNotesFew(segment.endBytes());
                boolean better = best == null || share(segment) < share(best);
                if (worth && possible && notes && better) {
                    best = segment;
                }
            }
            return best;
        }
    }

    private static long[] distinct(long[] sorted) {
        int count = 0;
        for (long id : sorted) {
            if (count == 0 || sorted[count - 1] != id) {
                sorted[count++] = id;
            }
        }
        return Arrays.copyOf(sorted, count);
    }

    /// Returns all messages that count for a segment. Of most it has a record, and to read those
    /// costs less than to look through the table of a long queue; it may have none of one whose
    /// content begins before it and ends behind it.
    private long[] allIn(Segment segment) {
        MessageTable table = queueIndex.table();
        return table.ids(row -> isIn(table, row, segment.number()));
    }

    private boolean isSmall(Segment segment) {
        return isClosed(segment) && segment.endBytes() < smallBytes;
    }

    private static double share(Segment segment) {
        return (double) segment.liveBytes() / segment.endBytes();
    }

    private static boolean isIn(MessageTable table, int row, int number) {
        boolean content =
                table.has(row, MessageTable.HAS_CONTENT)
                        && table.contentFirst(row) <= number
                        && number <= Position.segment(table.tail(row));
        return content || Position.segment(table.head(row)) == number;
    }

    /// Copies a little.
    ///
    /// @return whether there is more to do
    boolean step() throws IOException {
        Segment from = source;
        if (from == null) {
            return false;
        }
        List<Move> moves = new ArrayList<>();
        long copied = 0;
        try (JournalReader.OpenSegment open = reader.new OpenSegment()) {
            while (next < ids.length && copied < stepBytes) {
                Move move = copy(ids[next], from.number(), open);
                next++;
                if (move != null) {
                    moves.add(move);
                    copied += move.bytes();
                }
            }
        }
        journal.sync();
        moves.forEach(
                move -> queueIndex.moved(move.id(), move.content(), move.head(), move.headBytes()));
        if (next < ids.length) {
            return true;
        }
        synchronized (queueIndex) {
            if (from.isLive() && !tableSearched) {
                ids = allIn(from);
                next = 0;
                tableSearched = true;
                return true;
            }
        }
        finish(from);
        giveUp();
        return false;
    }

    /// Sees to it that what else a segment says is said elsewhere, so that it can go.
    private void finish(Segment from) throws IOException {
        List<End> ends = ends(from);
        synchronized (queueIndex) {
            if (from.isLive() || ends == null) {
                stuck.add(from.number());
                return;
            }
        }
        for (End end : ends) {
            journal.note(RecordHeader.Type.REMOVED, end.id(), end.range());
        }
        if (from.hasPossibleDuplicates()) {
            restate();
        }
        journal.sync();
        synchronized (queueIndex) {
            from.endsAreKnownElsewhere();
            from.possibleDuplicatesAreKnownElsewhere();
        }
    }

    /// Forgets what was begun: it is over, or the disk failed.
    void giveUp() {
        source = null;
        ids = new long[0];
    }

    /// Copies a message unless it left the segment meanwhile.
    private @Nullable Move copy(long id, int number, JournalReader.OpenSegment open)
            throws IOException {
        QueueIndex.Found found;
        boolean committing;
        @Nullable Long tail = null;
        synchronized (queueIndex) {
            MessageTable table = queueIndex.table();
            int row = table.find(id);
            if (row == MessageTable.NONE || !isIn(table, row, number)) {
                return null;
            }
            found = queueIndex.found(row);
            committing = table.has(row, MessageTable.COMMITTING);
            if (table.has(row, MessageTable.HAS_CONTENT)) {
                tail = table.tail(row);
            }
        }
        byte[] body;
        long[] pieces;
        try {
            // What a note says of it holds for the copy, which comes after the note.
            MessageState state = reader.load(id, found, open);
            boolean noted = committing || found.possiblyDuplicate();
            body = MessageStateCodec.encode(noted ? state.possiblyDuplicate() : state);
            pieces = tail == null ? new long[0] : reader.pieces(id, tail);
            for (long piece : pieces) {
                reader.piece(id, piece);
            }
        } catch (IOException e) {
            log.atError()
                    .setCause(e)
                    .addKeyValue("id", new QueueId(id))
                    .addKeyValue("segment", number)
                    .log("message can't be copied: its segment stays");
            return null;
        }
        return append(id, body, pieces, tail != null);
    }

    private Move append(long id, byte[] body, long[] pieces, boolean hasContent)
            throws IOException {
        long tail = Position.NONE;
        int first = 0;
        long bytes = body.length;
        for (long piece : pieces) {
            byte[] octets = reader.piece(id, piece);
            bytes += octets.length;
            tail = journal.append(RecordHeader.Type.CONTENT, id, tail, octets, octets.length);
            first = first == 0 ? Position.segment(tail) : first;
        }
        long head = journal.append(RecordHeader.Type.COPIED, id, tail, body, body.length);
        QueueIndex.Place content = hasContent ? new QueueIndex.Place(first, tail) : null;
        return new Move(id, content, head, body.length, bytes);
    }

    /// Returns the messages of which it must be said again that they are gone, since an older
    /// segment may know them; null when the segment can't be read.
    private @Nullable List<End> ends(Segment from) {
        int oldest;
        synchronized (queueIndex) {
            if (!isThereOneIn(from.knownFrom(), from.knownTo())) {
                return List.of();
            }
            oldest = from.knownFrom();
        }
        List<End> ends = new ArrayList<>();
        return isScanned(from, header -> addEnd(ends, header, from, oldest)) ? ends : null;
    }

    /// Shows all records of a segment to somebody.
    ///
    /// @return false when it can't be read
    private boolean isScanned(Segment segment, Consumer<RecordHeader> consumer) {
        try {
            reader.scan(segment, consumer);
            return true;
        } catch (IOException e) {
            log.atError()
                    .setCause(e)
                    .addKeyValue("segment", segment.number())
                    .log("segment can't be read: it stays");
            return false;
        }
    }

    private void addEnd(List<End> ends, RecordHeader header, Segment from, int oldest) {
        RecordHeader.Type type = header.type();
        boolean removed = type == RecordHeader.Type.REMOVED;
        boolean state = type != null && type.isState() && !queueIndex.knows(header.id());
        if (!removed && !state) {
            return;
        }
        int first = removed ? Position.segment(header.link()) : oldest;
        int most = from.number() - 1;
        int last = removed ? Math.min(Position.offset(header.link()), most) : most;
        long range = (long) first << Integer.SIZE | last;
        synchronized (queueIndex) {
            if (isThereOneIn(first, last)) {
                ends.add(new End(header.id(), range));
            }
        }
    }

    /// Says again which messages were perhaps sent.
    private void restate() throws IOException {
        LongStream.Builder ids = LongStream.builder();
        queueIndex.inSlices(row -> {
            MessageTable table = queueIndex.table();
            if (table.has(row, MessageTable.POSSIBLE_DUPLICATE)) {
                ids.add(table.id(row));
            }
        });
        for (long id : ids.build().toArray()) {
            journal.note(RecordHeader.Type.COMMITTING, id, 0);
        }
    }
}
