package dev.postern.mail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.testing.Seeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class FieldFilterTest {

    /// Octets that come in pieces, as a disk or a cipher gives them.
    private static final class Piecemeal implements MessageContent {

        private final byte[] octets;
        private final int atMost;

        Piecemeal(byte[] octets, int atMost) {
            this.octets = octets;
            this.atMost = atMost;
        }

        @Override
        public long sizeBytes() {
            return octets.length;
        }

        @Override
        public ContentTraits traits() {
            return new ContentTraits(false, false, 998);
        }

        @Override
        public InputStream open() {
            return new ByteArrayInputStream(octets) {
                @Override
                public synchronized int read(byte[] to, int offset, int length) {
                    return super.read(to, offset, Math.min(length, atMost));
                }
            };
        }
    }

    private static boolean isUnwanted(String name) {
        return name.toLowerCase(Locale.ROOT).startsWith("x-pm-");
    }

    private static Optional<FieldFilter> filter(String content, int atMost) {
        try {
            return FieldFilter.of(
                    new Piecemeal(content.getBytes(ISO_8859_1), atMost),
                    FieldFilterTest::isUnwanted);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void check(String content, String wanted) {
        for (int atMost : List.of(1, 2, 7, content.length() + 1)) {
            FieldFilter filtered = filter(content, atMost).orElseThrow();
            assertEquals(wanted.length(), filtered.sizeBytes());
            assertEquals(wanted, read(filtered, false));
            assertEquals(wanted, read(filtered, true));
        }
    }

    private static String read(MessageContent content, boolean octetByOctet) {
        try (InputStream in = content.open()) {
            if (!octetByOctet) {
                return new String(in.readAllBytes(), ISO_8859_1);
            }
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int octet = in.read(); octet >= 0; octet = in.read()) {
                all.write(octet);
            }
            return all.toString(ISO_8859_1);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void fieldsGoWithTheirFoldedLines() {
        check(
                "X-PM-Tag: first\r\nA: 1\r\nx-pm-metadata-a : b\r\n\tc: d\r\n  e\r\nB: 2\r\n"
                        + "X-PM-Tag:\r\n\r\nX-PM-Tag: body\r\n",
                "A: 1\r\nB: 2\r\n\r\nX-PM-Tag: body\r\n");
        check("X-PM-Tag: all\r\n", "");
        check("X-PM-Tag: all\r\n\r\n", "\r\n");
    }

    @Test
    void theRestOfAFieldThatWasNotIndentedGoesAsWell() {
        check("X-PM-Tag: {\r\n{ \"to\" }\r\nA: 1\r\n\r\nb", "A: 1\r\n\r\nb");
    }

    @Test
    void longNamesStay() {
        String name = "X-PN-" + "a".repeat(2000);
        check(name + ": 1\r\nX-PM-Tag: 2\r\nA: 3\r\n\r\nb", name + ": 1\r\nA: 3\r\n\r\nb");
    }

    @Test
    void whatHasNoneIsNotTouched() {
        for (String content :
                List.of("", "\r\n", "A: 1\r\n\r\nX-PM-Tag: body\r\n", "X-PM\r\n", "no header")) {
            assertEquals(Optional.empty(), filter(content, 100), content);
        }
    }

    @Test
    void theNamesAreTold() {
        StringBuilder many = new StringBuilder("X-Pm-Tag: a\r\nX-PM-TAG: b\r\n");
        for (int i = 0; i < 50; i++) {
            many.append("X-PM-Metadata-").append(i).append(": a\r\n");
        }
        List<String> removed = filter(many + "\r\n", 100).orElseThrow().removed();
        assertEquals("X-Pm-Tag", removed.getFirst());
        assertEquals("X-PM-Metadata-0", removed.get(1));
        assertEquals(FieldFilter.NAMES_LIMIT + 1, removed.size());
        assertEquals("and more", removed.getLast());
    }

    @Test
    void thatThereIsMoreIsNotToldWhereThereIsNone() {
        StringBuilder many = new StringBuilder();
        for (int i = 0; i < 2 * FieldFilter.NAMES_LIMIT; i++) {
            many.append("X-PM-Metadata-").append(i % FieldFilter.NAMES_LIMIT).append(": a\r\n");
        }
        assertFalse(filter(many + "\r\n", 100).orElseThrow().removed().contains("and more"));
    }

    /// Beside a plain reading of the same header.
    @Test
    void anyHeader() {
        Seeds.forEach(2000, FieldFilterTest::trial);
    }

    private static void trial(RandomGenerator random) {
        StringBuilder content = new StringBuilder();
        StringBuilder wanted = new StringBuilder();
        boolean some = false;
        for (int i = 1 + random.nextInt(8); i > 0; i--) {
            boolean unwanted = random.nextBoolean();
            some |= unwanted;
            String field =
                    Seeds.oneOf(
                                    random,
                                    unwanted ? List.of("X-PM-A", "x-pm-b ") : List.of("X-P", "To"))
                            + ": v"
                            + "\r\n\tfolded: x".repeat(random.nextInt(3))
                            + "y".repeat(random.nextInt(4) == 0 ? 20_000 : 3)
                            + "\r\n";
            content.append(field);
            wanted.append(unwanted ? "" : field);
        }
        String body = random.nextBoolean() ? "\r\nX-PM-A: body\r\n" + "z".repeat(40_000) : "\r\n";
        Optional<FieldFilter> filtered = filter(content + body, 1 + random.nextInt(30_000));
        assertEquals(some, filtered.isPresent());
        filtered.ifPresent(it -> {
            assertEquals((wanted + body).length(), it.sizeBytes());
            assertTrue((wanted + body).equals(read(it, false)));
        });
    }
}
