package dev.postern.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.HostPort;
import dev.postern.testing.Seeds;
import io.helidon.webserver.http.HttpRouting;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Where a request ends, there must be no two opinions: what follows one that is framed in a way
/// that RFC 9112 §6.3 forbids is not run.
class FramingTest {

    private static final int TIMEOUT_MILLIS = 20_000;
    private static final String HIDDEN = "GET /count HTTP/1.1\r\nHost: h\r\n\r\n";
    private static final AtomicInteger RUN = new AtomicInteger();

    private static HttpSocket socket;

    @BeforeAll
    static void start() throws IOException {
        socket =
                new HttpSocket(
                        "test",
                        new HostPort("127.0.0.1", 0),
                        new HttpSocket.Use(1 << 20, "/upload", false),
                        FramingTest::routes);
        socket.start();
    }

    private static void routes(HttpRouting.Builder routing) {
        routing.any(
                "/count",
                (_, response) -> {
                    RUN.incrementAndGet();
                    response.send("run");
                });
        routing.any(
                "/upload",
                (request, response) -> {
                    if (request.content().hasEntity() && !request.content().consumed()) {
                        try (InputStream in = request.content().inputStream()) {
                            in.readAllBytes();
                        }
                    }
                    RUN.incrementAndGet();
                    response.send("run");
                });
    }

    @AfterAll
    static void stop() {
        socket.stop();
    }

    @BeforeEach
    void forget() {
        RUN.set(0);
    }

    /// Sends octets and returns the statuses of the answers, to the end of the connection.
    private static List<Integer> say(String octets, boolean toTheEnd) throws IOException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try (Socket client =
                new Socket(InetAddress.getLoopbackAddress(), socket.address().port())) {
            client.setSoTimeout(TIMEOUT_MILLIS);
            client.getOutputStream().write(octets.getBytes(ISO_8859_1));
            if (toTheEnd) {
                client.shutdownOutput();
            }
            client.getInputStream().transferTo(answer);
        } catch (SocketException _) {
            // Closed while octets were still on their way.
        }
        List<Integer> statuses = new ArrayList<>();
        Matcher lines =
                Pattern.compile("HTTP/1\\.1 (\\d\\d\\d) ").matcher(answer.toString(ISO_8859_1));
        while (lines.find()) {
            statuses.add(Integer.valueOf(lines.group(1)));
        }
        return statuses;
    }

    private static String readable(String row) {
        return row.translateEscapes();
    }

    /// Each of these is broken, in a head for `POST /count`, and is followed by a request.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 5\\r\\nTransfer-Encoding: chunked",
                "Transfer-Encoding: chunked\\r\\nContent-Length: 5",
                "Content-Length: 5\\r\\nContent-Length: 6",
                "Content-Length: 5\\r\\nContent-Length: 5",
                "Content-Length: 0\\r\\nContent-Length: 34",
                "Content-Length: 5, 6",
                "Content-Length: 5, 5",
                "Content-Length: +5",
                "Content-Length: -5",
                "Content-Length: 0x5",
                "Content-Length: 5 5",
                "Content-Length: 5;",
                "Content-Length: 5.0",
                "Content-Length:",
                "Content-Length: 99999999999999999999",
                "Content-Length: \\262",
                "Transfer-Encoding: gzip",
                "Transfer-Encoding: gzip, chunked",
                "Transfer-Encoding: chunked, gzip",
                "Transfer-Encoding: chunked, chunked",
                "Transfer-Encoding: chunked\\r\\nTransfer-Encoding: chunked",
                "Transfer-Encoding: identity",
                "Transfer-Encoding: xchunked",
                "Transfer-Encoding: \"chunked\"",
                "Transfer-Encoding: chunked;q=1",
                "Transfer-Encoding:",
                "Transfer-Encoding: \\013chunked",
                "Transfer-Encoding : chunked",
                "Content-Length : 5",
                "Transfer-Encoding\\t: chunked",
                "X: y\\r\\n Transfer-Encoding: chunked",
                " X: y",
                "\\tX: y",
                "X: y\\r\\n\\tz",
                "X: a\\0b",
                "X: a\\rb",
                "X: a\\nTransfer-Encoding: chunked",
                "X: y\\r\\n\\nX: z",
                "no colon",
                ": no name",
                "n\\344me: x",
                "na(me: x",
                "Host: other"
            })
    void aBrokenHeadIsRefusedWithAllThatFollows(String fields) throws IOException {
        String broken = "POST /count HTTP/1.1\r\nHost: h\r\n" + readable(fields) + "\r\n\r\n";

        assertEquals(
                List.of(200, 400), say(HIDDEN + broken + "5\r\nabcde\r\n0\r\n\r\n" + HIDDEN, true));
        assertEquals(1, RUN.get());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /count HTTP/1.1\\r\\n",
                "G\\0T /count HTTP/1.1\\r\\nHost: h\\r\\n",
                "GET\\0 /count HTTP/1.1\\r\\nHost: h\\r\\n",
                "G(T /count HTTP/1.1\\r\\nHost: h\\r\\n",
                " GET /count HTTP/1.1\\r\\nHost: h\\r\\n",
                "GET  /count HTTP/1.1\\r\\nHost: h\\r\\n",
                "GET\\t/count HTTP/1.1\\r\\nHost: h\\r\\n",
                "GET /count  HTTP/1.1\\r\\nHost: h\\r\\n",
                "GET /count HTTP/1.1 \\r\\nHost: h\\r\\n",
                "GET /co unt HTTP/1.1\\r\\nHost: h\\r\\n",
                "GET /c\\0ount HTTP/1.1\\r\\nHost: h\\r\\n",
                "GET /c\\366unt HTTP/1.1\\r\\nHost: h\\r\\n",
                "GET /count HTTP/1.1\\nHost: h\\r\\n",
                "GET /count HTTP/1.1\\r\\nHost: h\\n",
                "GET /count HTTP/1.1\\rHost: h\\r\\n",
                "GET /count http/1.1\\r\\nHost: h\\r\\n",
                "GET /count HTTP/1.1\\0\\r\\nHost: h\\r\\n",
                "GET /count\\r\\nHost: h\\r\\n",
                "\\r\\n\\r\\nGET /count HTTP/1.1\\r\\nHost: h\\r\\n",
                "\\026\\003\\001\\002\\0\\001\\0\\001\\374\\003\\003\\r\\n"
            })
    void aBrokenRequestLineIsRefused(String head) throws IOException {
        assertEquals(List.of(200, 400), say(HIDDEN + readable(head) + "\r\n" + HIDDEN, true));
        assertEquals(1, RUN.get());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "+3\\r\\nabc\\r\\n0\\r\\n\\r\\n",
                "-3\\r\\nabc\\r\\n0\\r\\n\\r\\n",
                " 3\\r\\nabc\\r\\n0\\r\\n\\r\\n",
                "3 \\r\\nabc\\r\\n0\\r\\n\\r\\n",
                "3x\\r\\nabc\\r\\n0\\r\\n\\r\\n",
                "0x3\\r\\nabc\\r\\n0\\r\\n\\r\\n",
                "\\r\\nabc\\r\\n0\\r\\n\\r\\n",
                ";x\\r\\nabc\\r\\n0\\r\\n\\r\\n",
                "3\\nabc\\r\\n0\\r\\n\\r\\n",
                "3\\r\\nabcd\\r\\n0\\r\\n\\r\\n",
                "3\\r\\nabc0\\r\\n\\r\\n",
                "3\\r\\nabcXX0\\r\\n\\r\\n",
                "3\\r\\nabc\\n0\\r\\n\\r\\n",
                "3\\r\\nabc\\r\\n0\\r\\nX\\r\\n\\r\\n",
                "3\\r\\nabc\\r\\n0\\r\\n X: y\\r\\n\\r\\n",
                "3\\r\\nabc\\r\\n0\\r\\nX: y\\n\\r\\n",
                "100000003\\r\\nabc\\r\\n0\\r\\n\\r\\n",
                "FFFFFFFFFFFFFFFF\\r\\nabc\\r\\n0\\r\\n\\r\\n",
                "10000000000000003\\r\\nabc\\r\\n0\\r\\n\\r\\n"
            })
    void brokenChunksAreRefused(String body) throws IOException {
        for (String path : List.of("/count", "/upload")) {
            forget();
            String request =
                    "POST " + path + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

            List<Integer> statuses = say(request + readable(body) + HIDDEN, true);

            // Of the two that are only too long, what is there is data.
            assertTrue(statuses.equals(List.of(400)) || statuses.isEmpty(), statuses.toString());
            assertEquals(0, RUN.get());
        }
    }

    @Test
    void itClosesThoughTheClientDoesNot() throws IOException {
        String broken = "GET /count HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 6\r\n\r\n";

        assertEquals(List.of(400), say(broken + HIDDEN, false));
    }

    @Test
    void itClosesWhenItWasAskedTo() throws IOException {
        String last = "GET /count HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n";

        assertEquals(List.of(200), say(last + HIDDEN, false));
        assertEquals(1, RUN.get());
    }

    /// A large body is refused where nobody asks for one, also when its length is not told.
    @Test
    void onlyAnUploadMayBeLarge() throws IOException {
        String large = "x".repeat(100_000);
        String length = "Content-Length: 100000\r\n\r\n" + large;
        String chunked = "Transfer-Encoding: chunked\r\n\r\n186a0\r\n" + large + "\r\n0\r\n\r\n";
        for (String body : List.of(length, chunked)) {
            forget();
            assertEquals(
                    List.of(413), say("POST /count HTTP/1.1\r\nHost: h\r\n" + body + HIDDEN, true));
            assertEquals(0, RUN.get());
            assertEquals(
                    List.of(200, 200),
                    say("POST /upload HTTP/1.1\r\nHost: h\r\n" + body + HIDDEN, true));
        }
    }

    @Test
    void anotherVersionIsToldSo() throws IOException {
        assertEquals(List.of(505), say("GET /count HTTP/1.0\r\nHost: h\r\n\r\n" + HIDDEN, true));
    }

    /// Whatever comes: as many requests are run as a strict reading finds before the first thing
    /// that is wrong, and then at most one error is answered.
    @Test
    void asManyAreRunAsAStrictReadingFinds() {
        Seeds.forEach(
                1500,
                random -> {
                    forget();
                    String octets = requests(random);
                    int right = count(octets);

                    List<Integer> statuses = say(octets, true);

                    String told = octets.replace("\0", "\\0") + "\n-> " + statuses;
                    assertEquals(right, RUN.get(), told);
                    assertEquals(right, statuses.stream().filter(it -> it == 200).count(), told);
                    assertTrue(statuses.size() - right <= 1, told);
                    assertTrue(statuses.subList(0, right).stream().allMatch(it -> it == 200), told);
                });
    }

    private static final Pattern HEAD =
            Pattern.compile(
                    "(?:\\r\\n)?[!#$%&'*+.^_`|~0-9A-Za-z-]+ /[\\x21-\\x7e]* HTTP/1\\.1\\r\\n"
                            + "((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t\\x20-\\x7e]*\\r\\n)*)\\r\\n");
    private static final Pattern CHUNK =
            Pattern.compile("([0-9A-Fa-f]{1,6})(?:;[\\t\\x20-\\x7e]*)?\\r\\n");
    private static final Pattern TRAILER =
            Pattern.compile("(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t\\x20-\\x7e]*\\r\\n)*\\r\\n");

    /// The strict reading.
    private static int count(String octets) {
        int requests = 0;
        String rest = octets;
        while (true) {
            Matcher head = HEAD.matcher(rest);
            if (!head.lookingAt()) {
                return requests;
            }
            List<String> lengths = values(head.group(1), "content-length");
            List<String> codings = values(head.group(1), "transfer-encoding");
            if (values(head.group(1), "host").size() != 1 || lengths.size() + codings.size() > 1) {
                return requests;
            }
            int end = head.end();
            if (!lengths.isEmpty()) {
                if (!lengths.getFirst().matches("[0-9]{1,6}")) {
                    return requests;
                }
                end += Integer.parseInt(lengths.getFirst());
            } else if (!codings.isEmpty()) {
                end = codings.getFirst().equalsIgnoreCase("chunked") ? chunks(rest, end) : -1;
            }
            if (end < 0 || end > rest.length()) {
                return requests;
            }
            requests++;
            if (!values(head.group(1), "connection").isEmpty()) {
                return requests;
            }
            rest = rest.substring(end);
        }
    }

    private static int chunks(String octets, int from) {
        int at = from;
        while (true) {
            Matcher size = CHUNK.matcher(octets).region(at, octets.length());
            if (!size.lookingAt()) {
                return -1;
            }
            int length = Integer.parseInt(size.group(1), 16);
            if (length == 0) {
                Matcher trailer = TRAILER.matcher(octets).region(size.end(), octets.length());
                return trailer.lookingAt() ? trailer.end() : -1;
            }
            at = size.end() + length;
            if (!octets.startsWith("\r\n", at)) {
                return -1;
            }
            at += 2;
        }
    }

    private static List<String> values(String fields, String name) {
        List<String> values = new ArrayList<>();
        for (String line : fields.split("\r\n")) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).equalsIgnoreCase(name)) {
                values.add(line.substring(colon + 1).strip());
            }
        }
        return values;
    }

    private static String requests(RandomGenerator random) {
        StringBuilder octets = new StringBuilder();
        int requests = random.nextInt(1, 5);
        for (int i = 0; i < requests; i++) {
            octets.append(request(random));
        }
        if (random.nextInt(10) == 0) {
            octets.setLength(random.nextInt(octets.length() + 1));
        }
        return octets.toString();
    }

    /// Mostly the first, else any of the others.
    private static String mostly(RandomGenerator random, String... texts) {
        return random.nextInt(12) > 0 ? texts[0] : Seeds.oneOf(random, List.of(texts));
    }

    private static String request(RandomGenerator random) {
        String body = Seeds.oneOf(random, List.of("", "x", HIDDEN, "0\r\n\r\n", "5\r\nabcde\r\n"));
        String end = mostly(random, "\r\n", "\n", "\r", "\r\r\n", " \r\n");
        StringBuilder text = new StringBuilder(mostly(random, "", "\r\n", "\r\n\r\n", " ", "\0"));
        text.append(mostly(random, "POST", "GET", "P\0ST", "G(T", "", "OPTIONS", "post"));
        text.append(mostly(random, " ", "\t", "  ", "\0"));
        text.append(Seeds.oneOf(random, List.of("/count", "/upload")));
        text.append(mostly(random, "", "?x", " x", "\0"));
        text.append(mostly(random, " HTTP/1.1", " HTTP/1.0", " http/1.1", "", " HTTP/1.1 "));
        text.append(end);
        text.append(mostly(random, "Host: h\r\n", "", "hOST:h\r\n", "Host: h\r\nHost: h\r\n"));
        text.append(mostly(random, "", "X: y\r\n", "X : y\r\n", " X: y\r\n", "X\r\n", ": y\r\n"));
        text.append(mostly(random, "", "X: a\0b\r\n", "A:\r\n", "X: y\n", "X: y\r\n z\r\n"));
        text.append(mostly(random, "", "Connection: close\r\n", "U:\r\n", "connection: CLOSE\r\n"));
        boolean chunked = random.nextBoolean();
        String length = String.valueOf(body.length());
        String framing =
                chunked
                        ? "Transfer-Encoding: "
                                + mostly(
                                        random,
                                        "chunked",
                                        "Chunked",
                                        "chunked ",
                                        "gzip, chunked",
                                        "chunked, gzip",
                                        "identity",
                                        "",
                                        "chunked\r\nContent-Length: 3")
                        : "Content-Length: "
                                + mostly(
                                        random,
                                        length,
                                        "+" + length,
                                        length + ", " + length,
                                        "0" + length,
                                        "",
                                        "0\r\nContent-Length: " + length,
                                        length + "\r\nTransfer-Encoding: chunked",
                                        String.valueOf(random.nextInt(100)));
        text.append(framing).append(end).append("\r\n");
        return text + (chunked ? chunks(random, body) : body);
    }

    private static String chunks(RandomGenerator random, String body) {
        StringBuilder text = new StringBuilder();
        int at = 0;
        while (at < body.length()) {
            int length = random.nextInt(1, body.length() - at + 1);
            String hex = Integer.toHexString(length);
            text.append(mostly(random, hex, "0" + hex, "+" + hex, " " + hex, "0x" + hex, "f", ""));
            text.append(mostly(random, "", ";ext", ";a=\"b\"", " ", ";\0"));
            text.append(mostly(random, "\r\n", "\n", "\r"));
            text.append(body, at, at + length);
            text.append(mostly(random, "\r\n", "", "\n", "xx"));
            at += length;
        }
        return text
                + "0\r\n"
                + mostly(random, "", "X: y\r\n", "X\r\n", " X: y\r\n", "Host: h\r\n")
                + "\r\n";
    }
}
