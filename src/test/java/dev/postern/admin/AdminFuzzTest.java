package dev.postern.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.testing.FuzzedReaders;
import dev.postern.testing.Seeds;
import io.helidon.http.RequestException;
import java.net.InetAddress;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// No text makes a reader of what a browser or a script sends throw.
class AdminFuzzTest {

    private static final FuzzedReaders READERS = FuzzedReaders.of(AdminGrowthTest.parsers());

    @FuzzTest
    void anyTextIsRead(byte[] octets) {
        READERS.read(octets);
    }

    @Test
    void anyMixtureIsRead() {
        READERS.readMixtures();
    }

    /// A request is taken or refused in the same way however it is cut.
    @FuzzTest
    void aRequestIsReadTheSameInPieces(byte[] octets) {
        assertSame(octets);
    }

    @Test
    void anyRequestIsReadTheSameInPieces() {
        Seeds.forEach(
                2_000,
                random -> {
                    String fields = FuzzedReaders.mixture(random.nextInt(9), random::nextInt);
                    String request =
                            "POST / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n\r\n" + fields;
                    assertSame(request.getBytes(ISO_8859_1));
                });
    }

    private static void assertSame(byte[] octets) {
        int step = octets.length == 0 ? 1 : 1 + Math.floorMod(octets[0], 8);
        String whole = read(octets, Math.max(1, octets.length));
        String pieces = read(octets, step);
        // Of a refused one it is not said how much of it was given on before.
        assertEquals(whole.startsWith("refused"), pieces.startsWith("refused"));
        if (!whole.startsWith("refused")) {
            assertEquals(whole, pieces);
        }
    }

    private static String read(byte[] octets, int step) {
        int[] at = {0};
        RequestReader reader =
                new RequestReader(
                        () -> {
                            int from = at[0];
                            at[0] = Math.min(octets.length, from + step);
                            return from == octets.length
                                    ? null
                                    : Arrays.copyOfRange(octets, from, at[0]);
                        },
                        new ConnectionSlots(System::nanoTime)
                                .enter(InetAddress.getLoopbackAddress(), () -> {}));
        StringBuilder given = new StringBuilder();
        try {
            for (byte[] some = reader.get(); some != null; some = reader.get()) {
                given.append(new String(some, ISO_8859_1));
            }
        } catch (RequestException refused) {
            return "refused " + refused.status();
        }
        return given.toString();
    }
}
