package dev.postern.spool;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The head of a record in a segment, format version 1. Big-endian.
///
/// ```
///  0      4      8   9      12     16   24     32         36         40
///  | mark |length|typ| zero |synced| id | link | body CRC | head CRC | body, `length` octets
/// ```
///
/// - mark: a random number of this spool, so that no client can write a record into a message and
///   have it found when a reader looks for the next record after damage
/// - synced: up to this offset the segment was known to be on disk when the record was written.
///   Damage below it is rot; damage above it may be a write that a crash cut short
/// - id: the queue id
/// - link: a position (see [Position]) or a range of segments, by [Type]
/// - CRCs: CRC-32C; the head's is over octets 0 to 35
///
/// @param length octets of the body
/// @param typeCode the type, perhaps of a newer version
record RecordHeader(int length, int typeCode, int synced, long id, long link, int bodyCrc) {

    /// Octets of a header.
    static final int BYTES = 40;

    /// Octets of a body at most.
    static final int MAX_BODY_BYTES = 8 * 1024 * 1024;

    private static final int CRC_AT = 36;

    /// Writes a header at the buffer's position.
    static void put(
            ByteBuffer to,
            int mark,
            int length,
            Type type,
            int synced,
            long id,
            long link,
            int bodyCrc) {
        assert length >= 0 && length <= MAX_BODY_BYTES : "length " + length;
        assert synced >= 0 && id >= 0 : "synced " + synced + " id " + id;
        int start = to.position();
        to.putInt(mark).putInt(length).put((byte) type.code()).put((byte) 0).putShort((short) 0);
        to.putInt(synced).putLong(id).putLong(link).putInt(bodyCrc);
        to.putInt(crc(to, start, CRC_AT));
        assert to.position() == start + BYTES;
    }

    /// Reads the header at `at`.
    ///
    /// @return null when the octets there are no whole header of a spool with this mark
    static @Nullable RecordHeader get(ByteBuffer from, int at, int mark) {
        if (from.getInt(at) != mark || crc(from, at, CRC_AT) != from.getInt(at + CRC_AT)) {
            return null;
        }
        int length = from.getInt(at + 4);
        int synced = from.getInt(at + 12);
        long id = from.getLong(at + 16);
        boolean zero = (from.getInt(at + 8) & 0xFF_FFFF) == 0;
        if (length < 0 || length > MAX_BODY_BYTES || synced < 0 || id < 0 || !zero) {
            return null;
        }
        return new RecordHeader(
                length,
                from.get(at + 8) & 0xFF,
                synced,
                id,
                from.getLong(at + 24),
                from.getInt(at + 32));
    }

    /// Returns its type; null for one of a newer version.
    @Nullable Type type() {
        return Type.of(typeCode);
    }

    /// Returns octets of head and body.
    int totalBytes() {
        return BYTES + length;
    }

    static int crc(ByteBuffer octets, int at, int length) {
        CRC32C crc = new CRC32C();
        crc.update(octets.slice(at, length));
        return (int) crc.getValue();
    }

    static int crc(byte[] octets, int length) {
        return crc(ByteBuffer.wrap(octets), 0, length);
    }

    /// What a record of the journal says. Codes are for ever.
    enum Type {
        /// A piece of content; its link is the position of the piece before it.
        CONTENT(1),
        /// A message exists: the commit point. A [MessageState], as all down to [#COPIED].
        ACCEPTED(2),
        /// Attempts brought something, and more is owed.
        SETTLED(3),
        /// An operator holds it.
        HELD(4),
        /// An operator let it go.
        RELEASED(5),
        /// An operator makes it try again.
        RETRIED(6),
        /// Nothing more is owed.
        DONE(7),
        /// The same as before in a new place, after its content.
        COPIED(8),
        /// An attempt is about to pass its commit point. No body.
        COMMITTING(9),
        /// The message is gone. No body; its link is the range of segments that may know it still.
        REMOVED(10);

        private static final Type[] BY_CODE = new Type[11];

        static {
            for (Type type : values()) {
                BY_CODE[type.code] = type;
            }
        }

        private final int code;

        Type(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }

        /// Returns whether its body is the whole state of a message.
        boolean isState() {
            return code >= ACCEPTED.code && code <= COPIED.code;
        }

        /// Returns the type with this code; null when this version knows none.
        static @Nullable Type of(int code) {
            return code > 0 && code < BY_CODE.length ? BY_CODE[code] : null;
        }
    }
}
