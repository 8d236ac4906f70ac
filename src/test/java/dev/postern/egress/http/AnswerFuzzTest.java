package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.testing.FuzzedReaders;
import dev.postern.testing.Seeds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

/// Whatever an API sends is an answer or an error, the same in whatever pieces it comes.
class AnswerFuzzTest {

    @FuzzTest
    void anyOctetsAreAnAnswerOrNone(byte[] octets) {
        assertSame(octets);
    }

    @Test
    void anyMixtureIsAnAnswerOrNone() {
        Seeds.forEach(
                3_000,
                random -> {
                    String mixed = FuzzedReaders.mixture(random.nextInt(9), random::nextInt);
                    assertSame(
                            ("HTTP/1.1 200 OK\r\n" + mixed + "\r\n\r\n" + mixed)
                                    .getBytes(ISO_8859_1));
                });
    }

    private static void assertSame(byte[] octets) {
        assertEquals(read(new ByteArrayInputStream(octets)), read(new Octetwise(octets)));
    }

    private static String read(InputStream in) {
        try {
            HttpAnswer answer = new AnswerReader(in).read();
            assertTrue(answer.body().length() <= 2 * AnswerReader.BODY_LIMIT_OCTETS);
            JsonAnswer.read(answer);
            return answer.toString();
        } catch (IOException none) {
            return none.toString();
        }
    }

    /// An octet at a time, as from a slow server.
    private static final class Octetwise extends ByteArrayInputStream {
        private Octetwise(byte[] octets) {
            super(octets);
        }

        @Override
        public synchronized int read(byte[] to, int offset, int length) {
            return super.read(to, offset, Math.min(1, length));
        }
    }
}
