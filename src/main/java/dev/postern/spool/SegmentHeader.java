package dev.postern.spool;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The head of a segment file, twice in a row so that one may be damaged. Big-endian.
///
/// ```
///  0          8         12     16       20            24        28     36    40
///  | POSTERNJ | version | mark | number | predecessor | its end | zero | CRC | the same again
/// ```
///
/// Every segment names where its predecessor ends: what follows there was cut off by a crash or is
/// void since a sync failed, and is not read.
///
/// @param version of the format of all that follows
/// @param mark the spool's mark (see [RecordHeader])
/// @param number of this segment
/// @param predecessor the segment before this one; 0 for none
/// @param predecessorEnd the offset where that one ends
record SegmentHeader(int version, int mark, int number, int predecessor, int predecessorEnd) {

    /// The format that this program writes.
    static final int VERSION = 1;

    /// Octets of both copies: the offset of the first record.
    static final int BYTES = 80;

    private static final int COPY_BYTES = 40;
    private static final int CRC_AT = 36;
    private static final long MAGIC =
            ByteBuffer.wrap("POSTERNJ".getBytes(StandardCharsets.US_ASCII)).getLong();

    /// Returns the octets of the header.
    ByteBuffer encode() {
        assert number > 0 && predecessor >= 0 && predecessor < number && predecessorEnd >= 0;
        ByteBuffer octets = ByteBuffer.allocate(BYTES);
        for (int copy = 0; copy < 2; copy++) {
            int start = octets.position();
            octets.putLong(MAGIC).putInt(version).putInt(mark).putInt(number);
            octets.putInt(predecessor).putInt(predecessorEnd).putLong(0);
            octets.putInt(RecordHeader.crc(octets, start, CRC_AT));
        }
        return octets.flip();
    }

    /// Returns the header in the first octets of a segment; null when both copies are damaged.
    static @Nullable SegmentHeader decode(ByteBuffer octets) {
        for (int at = 0; at + COPY_BYTES <= Math.min(BYTES, octets.limit()); at += COPY_BYTES) {
            boolean whole =
                    octets.getLong(at) == MAGIC
                            && RecordHeader.crc(octets, at, CRC_AT) == octets.getInt(at + CRC_AT);
            if (whole) {
                return new SegmentHeader(
                        octets.getInt(at + 8),
                        octets.getInt(at + 12),
                        octets.getInt(at + 16),
                        octets.getInt(at + 20),
                        octets.getInt(at + 24));
            }
        }
        return null;
    }
}
