package dev.postern.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Growth;
import dev.postern.testing.Seeds;
import io.helidon.http.RequestException;
import io.helidon.webserver.CloseConnectionException;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestReaderTest {

    /// Reads octets that come in these pieces.
    private static RequestReader reader(List<String> pieces) {
        Queue<String> left = new ArrayDeque<>(pieces);
        return new RequestReader(
                () -> {
                    String piece = left.poll();
                    return piece == null ? null : piece.getBytes(ISO_8859_1);
                },
                new ConnectionSlots(System::nanoTime)
                        .enter(InetAddress.getLoopbackAddress(), () -> {}));
    }

    private static String all(RequestReader reader) {
        StringBuilder text = new StringBuilder();
        for (byte[] piece = reader.get(); piece != null; piece = reader.get()) {
            text.append(new String(piece, ISO_8859_1));
        }
        return text.toString();
    }

    private static String read(String octets) {
        return all(reader(List.of(octets)));
    }

    @Test
    void aHeadGoesOnInOneForm() {
        assertEquals(
                "POST /a?b HTTP/1.1\r\nX-y: z  z\r\nConnection: close\r\nContent-Length: 7\r\n"
                        + "Host: h\r\n\r\n1234567",
                read(
                        "\r\nPOST /a?b HTTP/1.1\r\nhost:\t h \r\n"
                                + "content-LENGTH:007\t\r\nX-y:z  z\r\n"
                                + "Connection: te, Close\r\n\r\n1234567"));
    }

    @Test
    void chunksGoOnWithoutWhatIsAroundThem() {
        assertEquals(
                "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: h\r\n\r\n"
                        + "0000000a\r\n0123456789\r\n00000001\r\n!\r\n0\r\n\r\n"
                        + "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n",
                read(
                        "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED\r\n\r\n"
                                + "A;name=\"value\"\r\n0123456789\r\n0001\r\n!\r\n"
                                + "000\r\nContent-Length: 3\r\nX: y\r\n\r\n"
                                + "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"));
    }

    @Test
    void nothingIsReadAfterTheLastRequest() {
        RequestReader reader =
                reader(List.of("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /2"));

        assertEquals(1, reader.get() == null ? 0 : reader.heads());
        assertNull(reader.get());
        assertTrue(reader.isAstray());
    }

    /// However the octets come, what is understood is the same, and two requests are never in one
    /// piece.
    @Test
    void piecesDoNotMatter() {
        String octets =
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345"
                        + "POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "3\r\nabc\r\n0\r\n\r\nGET /3 HTTP/1.1\r\nHost: h\r\n\r\n";
        Seeds.forEach(
                300,
                random -> {
                    RequestReader reader = reader(cut(random, octets));
                    StringBuilder body = new StringBuilder();
                    List<String> heads = new ArrayList<>();
                    int before = 0;
                    for (byte[] next = reader.get(); next != null; next = reader.get()) {
                        String piece = new String(next, ISO_8859_1);
                        if (reader.heads() > before) {
                            before = reader.heads();
                            assertTrue(piece.endsWith("Host: h\r\n\r\n"), piece);
                            heads.add(piece.substring(0, piece.indexOf("\r\n")));
                        } else {
                            body.append(piece.replaceAll("0000000[1-3]\r\n|0\r\n\r\n|\r\n", ""));
                        }
                    }
                    assertEquals(
                            List.of("POST / HTTP/1.1", "POST /2 HTTP/1.1", "GET /3 HTTP/1.1"),
                            heads);
                    assertEquals("12345abc", body.toString());
                });
    }

    private static List<String> cut(RandomGenerator random, String octets) {
        List<String> pieces = new ArrayList<>();
        for (int at = 0; at < octets.length(); ) {
            int end = Math.min(octets.length(), at + random.nextInt(1, 40));
            pieces.add(octets.substring(at, end));
            at = end;
        }
        return pieces;
    }

    /// A chunk of 40 MiB is not held in memory on the way to whoever stores it.
    @Test
    void aLargeChunkGoesOnAsItComes() {
        List<String> pieces = new ArrayList<>();
        pieces.add("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2800000\r\n");
        pieces.add("x".repeat(8192));
        RequestReader reader = reader(pieces);
        reader.get();

        assertEquals("00002000\r\n".length() + 8192 + 2, length(reader.get()));
        assertThrows(CloseConnectionException.class, reader::get, "the connection broke off");
    }

    private static int length(byte[] piece) {
        return piece == null ? 0 : piece.length;
    }

    @ParameterizedTest
    @CsvSource({
        "414, 5000, 0, 0",
        "431, 10, 17000, 1",
        "431, 10, 10, 1700",
        "431, 10, 2, 4000",
        "431, 10, 4, 4000",
        "431, 10, 5, 4000",
        "431, 10, 6, 4000",
        "431, 10, 7, 4000",
        "200, 4000, 16000, 1",
    })
    void aHeadHasItsLimits(int status, int target, int value, int fields) {
        String octets =
                "GET /%s HTTP/1.1\r\nHost: h\r\n%s\r\n"
                        .formatted(
                                "t".repeat(target),
                                ("a:" + "b".repeat(value) + "\r\n").repeat(fields));
        if (status == 200) {
            assertTrue(read(octets).length() > octets.length());
        } else {
            RequestReader reader = reader(List.of(octets));
            assertEquals(status, assertThrows(RequestException.class, reader::get).status().code());
            assertThrows(CloseConnectionException.class, reader::get);
        }
    }

    @Test
    void theTimeOfABodyGrowsWithIt() {
        Growth.assertLinear(
                "chunks",
                64 * 1024,
                chunks -> {
                    String octets =
                            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    + "1;\r\nx\r\n".repeat(chunks)
                                    + "0\r\n\r\n";
                    return () -> read(octets);
                });
    }
}
