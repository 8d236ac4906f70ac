package dev.postern.spool;

import dev.postern.mail.Recipient;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Who every message is from and for, in pieces of an [IndexFile], so that an operator's search
/// among 100,000 messages reads few of them. A row has the number of the message's row in the
/// [MessageTable]:
///
/// ```
///  0    8             9          10        12       84           256
///  | id | 1: cut off  | lengths: | sender  | sender | recipients |   lower case,
///  |    |             | sender   | recips. |        |            |   a line each
/// ```
///
/// What it does not know is looked up in the journal; when the disk has no room for it, that is
/// everything that comes. Guarded by the [QueueIndex]'s monitor.
final class Catalogue {

    /// What the catalogue knows of a question.
    enum Match {
        YES,
        NO,
        UNKNOWN
    }

    private static final int ROW_BYTES = 256;
    private static final int ROWS_SHIFT = 8;
    private static final int ROWS_MASK = (1 << ROWS_SHIFT) - 1;
    private static final int CUT_AT = 8;
    private static final int SENDER_LENGTH_AT = 9;
    private static final int RECIPIENTS_LENGTH_AT = 10;
    private static final int SENDER_AT = 12;
    private static final int RECIPIENTS_AT = 84;

    private final IndexFile file;
    private final List<@Nullable ByteBuffer> pieces = new ArrayList<>();

    Catalogue(IndexFile file) {
        assert IndexFile.PIECE_BYTES == ROW_BYTES << ROWS_SHIFT;
        this.file = file;
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
        int at = (row & ROWS_MASK) * ROW_BYTES;
        to.putLong(at, state.id().value());
        to.put(at + CUT_AT, (byte) (cut ? 1 : 0));
        to.put(at + SENDER_LENGTH_AT, (byte) senderLength);
        to.putShort(at + RECIPIENTS_LENGTH_AT, (short) recipientsLength);
        to.put(at + SENDER_AT, sender, 0, senderLength);
        to.put(at + RECIPIENTS_AT, recipients, 0, recipientsLength);
    }

    /// Returns whether a message is from and for addresses that contain these parts.
    Match match(int row, long id, @Nullable String sender, @Nullable String recipient) {
        int piece = row >>> ROWS_SHIFT;
        ByteBuffer from = piece < pieces.size() ? pieces.get(piece) : null;
        int at = (row & ROWS_MASK) * ROW_BYTES;
        if (from == null || from.getLong(at) != id) {
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
        int piece = row >>> ROWS_SHIFT;
        while (pieces.size() <= piece) {
            pieces.add(file.takeSpare());
        }
        return pieces.get(piece);
    }
}
