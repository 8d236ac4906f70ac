package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Collections;
import java.util.List;

/// A message that is made while it is read, however large: something, something else again and
/// again, and something at the end.
final class MadeContent implements MessageContent {

    private final byte[] head;
    private final byte[] repeated;
    private final long times;
    private final byte[] tail;

    private MadeContent(byte[] head, byte[] repeated, long times, byte[] tail) {
        this.head = head;
        this.repeated = repeated;
        this.times = times;
        this.tail = tail;
    }

    static MadeContent of(String head, String repeated, long times, String tail) {
        return new MadeContent(
                head.getBytes(ISO_8859_1),
                repeated.getBytes(ISO_8859_1),
                times,
                tail.getBytes(ISO_8859_1));
    }

    @Override
    public long sizeBytes() {
        return head.length + repeated.length * times + tail.length;
    }

    @Override
    public ContentTraits traits() {
        return new ContentTraits(false, false, repeated.length);
    }

    @Override
    public InputStream open() {
        return new SequenceInputStream(
                Collections.enumeration(
                        List.of(
                                new ByteArrayInputStream(head),
                                new Repeated(repeated, times),
                                new ByteArrayInputStream(tail))));
    }

    private static final class Repeated extends InputStream {

        private final byte[] line;
        private long left;

        Repeated(byte[] line, long times) {
            this.line = line;
            this.left = line.length * times;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] to, int offset, int length) {
            if (left == 0) {
                return -1;
            }
            int count = 0;
            while (count < length && left > 0) {
                int at = (int) ((line.length - left % line.length) % line.length);
                int some = (int) Math.min(Math.min(length - count, left), line.length - at);
                System.arraycopy(line, at, to, offset + count, some);
                left -= some;
                count += some;
            }
            return count;
        }

        @Override
        public long skip(long wanted) {
            long some = Math.min(Math.max(wanted, 0), left);
            left -= some;
            return some;
        }
    }
}
