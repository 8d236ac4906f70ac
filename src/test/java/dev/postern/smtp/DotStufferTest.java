package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.testing.Seeds;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class DotStufferTest {
    private static final String[][] CASES = {
        // Content, and what goes over the wire.
        {"", ".\r\n"},
        {"x\r\n", "x\r\n.\r\n"},
        {".\r\n", "..\r\n.\r\n"},
        {".x\r\n..\r\n", "..x\r\n...\r\n.\r\n"},
        {"x.\r\n", "x.\r\n.\r\n"},
        {"\r\n.\r\n\r\n", "\r\n..\r\n\r\n.\r\n"},
        // A last line without its CRLF gets one.
        {"x", "x\r\n.\r\n"},
    };

    @Test
    void stuffsHoweverTheContentIsCut() {
        for (String[] row : CASES) {
            for (int cut = 0; cut <= row[0].length(); cut++) {
                assertEquals(
                        Octets.visible(row[1]),
                        Octets.visible(stuffed(row[0].substring(0, cut), row[0].substring(cut))));
            }
        }
    }

    private static String stuffed(String... parts) {
        DotStuffer stuffer = new DotStuffer();
        Octets out = new Octets();
        for (String part : parts) {
            stuffer.stuff(Octets.buffer(part), out);
        }
        stuffer.finish(out);
        return out.text();
    }

    @Test
    void noBareNewlineLeaves() {
        for (String bare : new String[] {"x\ny", "x\ry", "\n", "\r\r\n", "x\r\n\n", "x\r"}) {
            for (int cut = 0; cut <= bare.length(); cut++) {
                String head = bare.substring(0, cut);
                String tail = bare.substring(cut);
                DotStuffer stuffer = new DotStuffer();
                Octets out = new Octets();
                assertThrows(
                        IllegalStateException.class,
                        () -> {
                            stuffer.stuff(Octets.buffer(head), out);
                            stuffer.stuff(Octets.buffer(tail), out);
                            stuffer.finish(out);
                        });
                assertFalse(SlowDecoding.hasBareNewline(out.text()), Octets.visible(bare));
            }
        }
    }

    @Test
    void whatWasDecodedComesBackTheSameAndEndsWhereItShould() {
        Seeds.forEach(
                2000,
                random -> {
                    String content = SlowDecoding.bdat(Seeds.text(random, "\r\n\n..x\0", 60));
                    int cut = random.nextInt(content.length() + 1);
                    String wire = stuffed(content.substring(0, cut), content.substring(cut));
                    assertEquals(wire.length(), SlowDecoding.dataLength(wire));
                    assertEquals(Octets.visible(content), Octets.visible(decoded(wire, random)));
                });
    }

    private static String decoded(String wire, RandomGenerator random) {
        DataDecoder decoder = new DataDecoder(BareNewline.REJECT, Long.MAX_VALUE);
        Octets out = new Octets();
        int cut = random.nextInt(wire.length());
        assertFalse(decoder.decode(Octets.buffer(wire.substring(0, cut)), out));
        assertTrue(decoder.decode(Octets.buffer(wire.substring(cut)), out));
        assertNull(decoder.fault());
        return out.text();
    }
}
