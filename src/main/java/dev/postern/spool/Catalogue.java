package dev.postern.spool;

import dev.postern.mail.Recipient;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who every message is from and for, in a file that is mapped into memory, so that an operator's
/// search among 100,000 messages reads few of them. A row has the number of the message's row in
/// the [MessageTable]:
///
/// ```
///  0    8             9          10        12       84           256
///  | id | 1: cut off  | lengths: | sender  | sender | recipients |   lower case,
///  |    |             | sender   | recips. |        |            |   a line each
/// ```
///
/// It is disposable: every start makes it anew. What it does not know is looked up in the journal;
/// when the disk has no room for it, that is everything. Guarded by the [QueueIndex]'s monitor.
final class Catalogue {

    /// What the catalogue knows of a question.
    enum Match {
        YES,
        NO,
        UNKNOWN
    }

    static final String NAME = "catalogue";

    private static final Logger log = LoggerFactory.getLogger(Catalogue.class);
    private static final int ROW_BYTES = 256;
    private static final int CUT_AT = 8;
    private static final int SENDER_LENGTH_AT = 9;
    private static final int RECIPIENTS_LENGTH_AT = 10;
    private static final int SENDER_AT = 12;
    private static final int RECIPIENTS_AT = 84;
    private static final int MIN_ROWS = 256;
    private static final int ZEROS_BYTES = 64 * 1024;

    private final Disk disk;
    private final Path file;
    private @Nullable ByteBuffer rows;
    private int capacity;
    private boolean givenUp;

    Catalogue(Disk disk, Path directory) {
        this.disk = disk;
        this.file = directory.resolve(NAME);
    }

    /// Removes what a run before this one left.
    void clear(boolean exists) throws IOException {
        if (exists) {
            disk.delete(file);
        }
    }

    /// Enters a message.
    void put(int row, MessageState state) {
        ByteBuffer to = room(row);
        if (to == null) {
            return;
        }
        byte[] sender = lower(state.envelope().sender().address());
        String all =
                state.recipients().stream()
                        .limit(RECIPIENTS_AT)
                        .map(Recipient::address)
                        .map(Object::toString)
                        .collect(Collectors.joining("\n"));
        byte[] recipients = lower(all);
        int senderLength = Math.min(sender.length, RECIPIENTS_AT - SENDER_AT);
        int recipientsLength = Math.min(recipients.length, ROW_BYTES - RECIPIENTS_AT);
        boolean cut =
                senderLength < sender.length
                        || recipientsLength < recipients.length
                        || state.recipients().size() > RECIPIENTS_AT;
        int at = row * ROW_BYTES;
        to.putLong(at, state.id().value());
        to.put(at + CUT_AT, (byte) (cut ? 1 : 0));
        to.put(at + SENDER_LENGTH_AT, (byte) senderLength);
        to.putShort(at + RECIPIENTS_LENGTH_AT, (short) recipientsLength);
        to.put(at + SENDER_AT, sender, 0, senderLength);
        to.put(at + RECIPIENTS_AT, recipients, 0, recipientsLength);
    }

    /// Returns whether a message is from and for addresses that contain these parts.
    Match match(int row, long id, @Nullable String sender, @Nullable String recipient) {
        ByteBuffer from = rows;
        int at = row * ROW_BYTES;
        if (from == null || row >= capacity || from.getLong(at) != id) {
            return Match.UNKNOWN;
        }
        String senders = text(from, at + SENDER_AT, from.get(at + SENDER_LENGTH_AT));
        String recipients =
                text(from, at + RECIPIENTS_AT, from.getShort(at + RECIPIENTS_LENGTH_AT));
        if (contains(senders, sender) && contains(recipients, recipient)) {
            return Match.YES;
        }
        return from.get(at + CUT_AT) == 0 ? Match.NO : Match.UNKNOWN;
    }

    /// Returns whether a text in lower case has this part, in any case; null is in each.
    static boolean contains(String text, @Nullable String part) {
        return part == null || text.contains(part.toLowerCase(Locale.ROOT));
    }

    private static String text(ByteBuffer from, int at, int length) {
        byte[] octets = new byte[length];
        from.get(at, octets);
        return new String(octets, StandardCharsets.UTF_8);
    }

    private static byte[] lower(String text) {
        return text.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8);
    }

    private @Nullable ByteBuffer room(int row) {
        if (row < capacity || givenUp) {
            return givenUp ? null : rows;
        }
        int wanted = Math.max(MIN_ROWS, capacity);
        while (wanted <= row) {
            wanted *= 2;
        }
        try {
            // Written, not left as a hole: a page of a mapped hole that finds no room kills the
            // process.
            fill((long) capacity * ROW_BYTES, (long) wanted * ROW_BYTES);
            rows = disk.map(file, (long) wanted * ROW_BYTES);
            capacity = wanted;
        } catch (IOException e) {
            log.atWarn().setCause(e).log("no room for the catalogue: searches read the journal");
            giveUp();
        }
        return rows;
    }

    private void giveUp() {
        givenUp = true;
        rows = null;
        capacity = 0;
        try {
            disk.delete(file);
        } catch (IOException e) {
            log.atWarn().setCause(e).log("the catalogue can't be removed");
        }
    }

    private void fill(long from, long to) throws IOException {
        try (Disk.File open = from == 0 ? disk.create(file) : disk.openToWrite(file)) {
            ByteBuffer zeros = ByteBuffer.allocate(ZEROS_BYTES);
            for (long at = from; at < to; at += zeros.limit()) {
                zeros.clear().limit((int) Math.min(ZEROS_BYTES, to - at));
                open.writeFully(zeros, at);
            }
        }
    }
}
