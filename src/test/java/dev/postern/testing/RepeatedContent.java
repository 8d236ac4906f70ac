package dev.postern.testing;

import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Large content that is nowhere in memory: one line again and again.
public final class RepeatedContent implements MessageContent {

    private static final byte[] LINE =
            ".A line that begins with a dot, of sixty-four octets in all, ok\r\n"
                    .getBytes(StandardCharsets.US_ASCII);
    private static final int LINES_PER_MIB = (1 << 20) / 64;

    private final long sizeBytes;
    private final long failsAfterBytes;

    private RepeatedContent(long sizeBytes, long failsAfterBytes) {
        this.sizeBytes = sizeBytes;
        this.failsAfterBytes = failsAfterBytes;
    }

    /// Returns content of about this size.
    public static RepeatedContent ofMiB(int mebibytes) {
        return new RepeatedContent((long) mebibytes * LINES_PER_MIB * LINE.length, Long.MAX_VALUE);
    }

    /// Returns content whose store breaks on the way.
    public static RepeatedContent thatFailsAfter(long octets) {
        return new RepeatedContent(1 << 20, octets);
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public ContentTraits traits() {
        return new ContentTraits(false, false, LINE.length - 2);
    }

    @Override
    public InputStream open() {
        return new InputStream() {
            private long at;

            @Override
            public int read() throws IOException {
                if (at >= failsAfterBytes) {
                    throw new IOException("the disk broke");
                }
                return at == sizeBytes ? -1 : LINE[(int) (at++ % LINE.length)];
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                int count = 0;
                for (int octet = 0; count < length && at < failsAfterBytes; count++) {
                    octet = read();
                    if (octet < 0) {
                        return count == 0 ? -1 : count;
                    }
                    into[offset + count] = (byte) octet;
                }
                return count == 0 ? read() : count;
            }
        };
    }

    /// Returns the SHA-256 of all of it.
    public String digest() throws IOException {
        try (InputStream in = open()) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] chunk = new byte[8192];
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                digest.update(chunk, 0, count);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
