package dev.postern.spool;

import dev.postern.mail.Recipient;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Which messages may be from or for an address that contains some text, so that an operator's
/// search among 1,000,000 messages reads few of them. Of the sender, and of all recipients, it has
/// a Bloom filter of each three characters in a row (letter case aside), in pieces of an
/// [IndexFile]. A row has the number of the message's row in the [MessageTable]:
///
/// ```
///  0    8        16           32
///  | id | sender | recipients |
/// ```
///
/// Where the disk has no room for it, each message may be. Guarded by the [QueueIndex]'s monitor.
final class Catalogue {

    private static final int ROW_BYTES = 32;
    private static final int ROWS_SHIFT = 11;
    private static final int ROWS_MASK = (1 << ROWS_SHIFT) - 1;
    private static final int SENDER_AT = 8;
    private static final int RECIPIENTS_AT = 16;

    /// Characters whose order a filter knows.
    private static final int GRAM = 3;

    /// Recipients beyond these leave no bit out.
    private static final int RECIPIENTS_MOST = 100;

    private static final int MIXER = 0x9E37_79B9;

    private final IndexFile file;
    private final List<@Nullable ByteBuffer> pieces = new ArrayList<>();

    Catalogue(IndexFile file) {
        assert IndexFile.PIECE_BYTES == ROW_BYTES << ROWS_SHIFT;
        this.file = file;
    }

    /// Enters a message.
    void put(int row, MessageState state) {
        int piece = row >>> ROWS_SHIFT;
        while (pieces.size() <= piece) {
            pieces.add(file.takeSpare());
        }
        ByteBuffer to = pieces.get(piece);
        if (to == null) {
            return;
        }
        Filter recipients = new Filter();
        if (state.recipients().size() > RECIPIENTS_MOST) {
            recipients.fill();
        } else {
            for (Recipient recipient : state.recipients()) {
                recipients.add(recipient.address().address());
            }
        }
        Filter sender = new Filter();
        sender.add(state.envelope().sender().address());
        int at = (row & ROWS_MASK) * ROW_BYTES;
        to.putLong(at, state.id().value());
        to.putLong(at + SENDER_AT, sender.low | sender.high);
        to.putLong(at + RECIPIENTS_AT, recipients.low);
        to.putLong(at + RECIPIENTS_AT + Long.BYTES, recipients.high);
    }

    /// Parts of addresses that are looked for.
    record Sought(long sender, long recipientLow, long recipientHigh) {

        /// @param sender null is in each
        /// @param recipient null is in each
        static Sought of(@Nullable String sender, @Nullable String recipient) {
            Filter senders = new Filter();
            senders.add(sender == null ? "" : sender);
            Filter recipients = new Filter();
            recipients.add(recipient == null ? "" : recipient);
            return new Sought(senders.low | senders.high, recipients.low, recipients.high);
        }
    }

    /// Returns whether a message may be from and for addresses that contain what is looked for.
    boolean mayMatch(int row, long id, Sought sought) {
        int piece = row >>> ROWS_SHIFT;
        ByteBuffer from = piece < pieces.size() ? pieces.get(piece) : null;
        int at = (row & ROWS_MASK) * ROW_BYTES;
        if (from == null || from.getLong(at) != id) {
            return true;
        }
        return isIn(sought.sender, from.getLong(at + SENDER_AT))
                && isIn(sought.recipientLow, from.getLong(at + RECIPIENTS_AT))
                && isIn(sought.recipientHigh, from.getLong(at + RECIPIENTS_AT + Long.BYTES));
    }

    private static boolean isIn(long bits, long all) {
        return (bits & ~all) == 0;
    }

    /// 128 bits, one for each three characters.
    private static final class Filter {

        private long low;
        private long high;

        void add(String mixedCase) {
            String text = mixedCase.toLowerCase(Locale.ROOT);
            for (int end = GRAM; end <= text.length(); end++) {
                int gram = text.charAt(end - 3);
                gram = gram * 31 + text.charAt(end - 2);
                gram = gram * 31 + text.charAt(end - 1);
                int bit = (gram * MIXER) >>> (Integer.SIZE - 7);
                if (bit < Long.SIZE) {
                    low |= 1L << bit;
                } else {
                    high |= 1L << bit;
                }
            }
        }

        void fill() {
            low = -1;
            high = -1;
        }
    }
}
