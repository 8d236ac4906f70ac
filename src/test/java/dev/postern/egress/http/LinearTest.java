package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.CommitGate;
import dev.postern.mail.ForwardPath;
import dev.postern.testing.Growth;
import dev.postern.testing.Seeds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever comes from outside is read in a time that grows with its size only, and on a small
/// stack. Each parser is a row of [#PARSERS], each kind of input one of [#SHAPES]: a new parser, or
/// a new nasty input, is one more row.
class LinearTest {

    private static final int LARGEST_CHARACTERS = 64 * 1024;

    /// For the rows that do much for each character.
    private static final int LARGEST_OF_LABORIOUS_CHARACTERS = 16 * 1024;

    private static final Set<String> LABORIOUS =
            Set.of("KeyMask", "sendgrid", "ses", "mailgun", "resend", "brevo", "postmark");

    /// Half of what the program's threads have.
    private static final int STACK_BYTES = 256 * 1024;

    /// Something that reads a text, an octet a character.
    @FunctionalInterface
    private interface Parser {
        void parse(String text) throws IOException, MessageLimitException;
    }

    private static final List<ForwardPath> RECIPIENTS =
            Stream.of("a@b.example", "x".repeat(60) + "@b.example", "\"q r\"@b.example")
                    .map(ForwardPath::new)
                    .toList();

    private static final Map<String, Parser> PARSERS = new LinkedHashMap<>();

    static {
        header();
        message();
        answer();
    }

    /// Values of header fields.
    private static void header() {
        PARSERS.put("Parameters", text -> MimeParameters.parse(raw(text)));
        PARSERS.put(
                "Parameters, within",
                text -> MimeParameters.parse(raw("text/plain; name=\"" + text)));
        PARSERS.put(
                "Parameters, without quotes",
                text -> MimeParameters.parse(raw("text/plain; name=a " + text)));
        PARSERS.put(
                "Parameters, a boundary",
                text ->
                        MimeParameters.octets(
                                raw("multipart/mixed; boundary=" + text), "boundary"));
        PARSERS.put("Mailbox", text -> Mailbox.parse(raw(text)));
        PARSERS.put("Mailbox, quoted", text -> Mailbox.parse(raw("\"" + text)));
        PARSERS.put("Mailbox, in angles", text -> Mailbox.parse(raw("A <" + text + "> B <a@b>")));
        PARSERS.put("Mailbox, a group", text -> Mailbox.parse(raw("\"" + text + "\": " + text)));
        PARSERS.put(
                "Mailbox, printed",
                text -> assertFalse(new Mailbox("a@b", text).toString().isEmpty()));
        PARSERS.put("HeaderText, decoded", text -> HeaderText.decode(raw(text)));
        PARSERS.put(
                "HeaderText, beyond ASCII", text -> HeaderText.ascii(raw("\u00c3\u00bc" + text)));
        PARSERS.put(
                "HeaderText, structured",
                text -> HeaderText.structured(raw("\u00c3\u00bc" + text)));
        PARSERS.put(
                "HeaderText, in quotes",
                text -> HeaderText.structured(raw("\"\u00c3\u00bc" + text)));
        PARSERS.put(
                "HeaderText, in angles",
                text -> HeaderText.structured(raw("<a:\u00c3\u00bc" + text)));
        PARSERS.put("HeaderText, guessed", text -> HeaderText.isGuessed(raw("\u00fc" + text)));
        PARSERS.put(
                "HeaderText, a word", text -> HeaderText.decode(raw("=?utf-8?B?" + text + "?=")));
        PARSERS.put(
                "HeaderText, a charset", text -> HeaderText.decode(raw("=?" + text + "?q?a?=")));
        PARSERS.put(
                "HeaderText, in UTF-8",
                text -> HeaderText.inUtf8(raw("\u00fc=?a?q?b?= " + text), Charset.forName("Big5")));
        PARSERS.put("Charsets", text -> Charsets.decode(new byte[] {65}, text));
        PARSERS.put("FileNames", text -> FileNames.agrees(attachment(text)));
        PARSERS.put(
                "SmtpApiField",
                text ->
                        SendGridApi.SmtpApiField.apply(
                                text, JsonAnswer.MAPPER.createObjectNode(), new NotCarried()));
    }

    private static Fields.Raw raw(String text) {
        return new Fields.Raw(text);
    }

    private static ParsedMessage.Attachment attachment(String name) {
        try (ContentCursor none =
                new ContentCursor(Shipments.content(new byte[0]), CommitGate.OPEN)) {
            MimeLeaf leaf = new MimeLeaf(none.whole(), "", "");
            return new ParsedMessage.Attachment(
                    name, true, "text/plain", Map.of(), null, "", false, leaf);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// Messages as a whole, each API's way through it included.
    private static void message() {
        String multipart = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
        PARSERS.put("a message", LinearTest::rebuild);
        PARSERS.put("a multipart", text -> rebuild(multipart + text));
        PARSERS.put("a part", text -> rebuild(multipart + "--b\r\n" + text));
        PARSERS.put(
                "a multipart without a boundary",
                text -> rebuild("Content-Type: multipart/mixed\r\n\r\n" + text));
        PARSERS.put(
                "an id",
                text ->
                        rebuild(
                                multipart
                                        + "--b\r\nContent-Type: text/html\r\n\r\ncid:"
                                        + text
                                        + "\r\n--b\r\nContent-ID: <a>\r\n"
                                        + "Content-Type: image/png\r\n\r\nx\r\n--b--\r\n"));
        PARSERS.put("a type", text -> rebuild("Content-Type: " + text + "\r\n\r\nx"));
        for (String encoding : List.of("7bit", "base64", "quoted-printable", "x-uuencode")) {
            String head = "Content-Transfer-Encoding: " + encoding + "\r\n\r\n";
            PARSERS.put(encoding, text -> rebuild(head + text));
        }
        for (String charset : List.of("utf-7", "iso-2022-jp", "shift_jis", "utf-16")) {
            String head = "Content-Type: text/plain; charset=" + charset + "\r\n\r\n";
            PARSERS.put(charset, text -> rebuild(head + text));
        }
        for (String type : Shipments.TYPES) {
            Api api = Shipments.api(type);
            PARSERS.put(
                    type,
                    text ->
                            plan(
                                    api,
                                    "From: a@b.example\r\nTo: "
                                            + text
                                            + "\r\nX-Mailgun-Variables: "
                                            + text
                                            + "\r\nX-SES-Message-Tags: "
                                            + text
                                            + "\r\n\r\n"
                                            + text));
        }
    }

    private static void rebuild(String message) throws IOException, MessageLimitException {
        try (ContentCursor content = cursor(message)) {
            ParsedMessage rebuilt = MimeParser.read(content);
            for (MimeLeaf leaf : rebuilt.text()) {
                read(leaf);
            }
            for (ParsedMessage.Attachment attachment : rebuilt.attachments()) {
                read(attachment.leaf());
            }
        }
    }

    private static void read(MimeLeaf leaf) throws IOException {
        assertTrue(leaf.decodedBytes() >= 0);
        leaf.isBlank();
        leaf.isGuessed();
        try (Reader text = leaf.text();
                InputStream octets = leaf.open()) {
            text.transferTo(Writer.nullWriter());
            octets.readAllBytes();
        }
    }

    private static void plan(Api api, String message) throws IOException, MessageLimitException {
        try (ContentCursor content = cursor(message)) {
            api.plan(
                    Shipments.of(message, "a@b.example", "c@d.example"),
                    content,
                    post -> post != null);
        }
    }

    private static ContentCursor cursor(String message) {
        return new ContentCursor(Shipments.content(message.getBytes(ISO_8859_1)), CommitGate.OPEN);
    }

    /// What servers say.
    private static void answer() {
        for (String type : Shipments.TYPES) {
            Api api = Shipments.api(type);
            Api.Post post = new Api.Post(RECIPIENTS, api.probeCall(), List.of());
            PARSERS.put(
                    type + "'s answer",
                    text -> {
                        String json = JsonAnswer.MAPPER.writeValueAsString(text);
                        for (String body :
                                List.of(
                                        text,
                                        "{\"message\":" + json + ",\"Message\":" + json + "}",
                                        "{\"__type\":"
                                                + json
                                                + ",\"errors\":[{\"message\":"
                                                + json
                                                + "}],\"ErrorCode\":0}")) {
                            HttpAnswer answer = new HttpAnswer(400, Map.of(), body, true);
                            api.acceptedAs(answer, post);
                            api.isOwn(answer);
                            api.explain(answer, post);
                            api.refused(answer, post);
                            api.probed(answer);
                        }
                    });
        }
        AnswerText wording = new AnswerText(new KeyMask(List.of()));
        KeyMask mask =
                new KeyMask(List.of(dev.postern.config.Secret.of("0000aaaa/++xx\"\\%&#0000")));
        PARSERS.put("Recipients", text -> Recipients.namedIn(text, RECIPIENTS));
        PARSERS.put("KeyMask", mask::mask);
        PARSERS.put("Wording", text -> wording.of(said(text), text, false));
        PARSERS.put("RateHeaders", text -> HttpEgress.RateHeaders.in(said(text)));
        String begun = "HTTP/1.1 200 X\r\n";
        PARSERS.put("an interim answer", text -> heard("HTTP/1.1 100 X\r\n" + text));
        PARSERS.put("a status line", text -> heard("HTTP/1.1 " + text));
        PARSERS.put("a head", text -> heard(begun + text));
        PARSERS.put("a folded field", text -> heard(begun + "a:\r\n" + text.replace("\n", "\n ")));
        PARSERS.put("a chunk", text -> heard(begun + "Transfer-Encoding: chunked\r\n\r\n" + text));
        PARSERS.put("a charset", text -> heard(begun + "Content-Type: " + text + "\r\n\r\nx"));
        PARSERS.put("a length", text -> heard(begun + "Content-Length: " + text + "\r\n\r\nx"));
    }

    private static HttpAnswer said(String text) {
        return new HttpAnswer(429, Map.of("retry-after", text, "location", text), text, true);
    }

    private static void heard(String answer) {
        try {
            InputStream in = new ByteArrayInputStream(answer.getBytes(ISO_8859_1));
            assertTrue(new AnswerReader(in).read().status() > 0);
        } catch (IOException e) {
            // There is an end to it, which is as good as an answer.
            assertFalse(e.getMessage().isEmpty());
        }
    }

    /// What of a size is nasty.
    private static final Map<String, IntFunction<String>> SHAPES = new LinkedHashMap<>();

    static {
        for (String piece :
                List.of(
                        ";",
                        "<",
                        ">",
                        "\"",
                        "(",
                        ")",
                        " ",
                        "x",
                        "=",
                        "=?",
                        "\\",
                        ",",
                        "@",
                        "*",
                        "%",
                        "&#0",
                        "\t",
                        "-",
                        ".",
                        "'",
                        ":",
                        "[",
                        "{",
                        "#",
                        "+",
                        "\u00e4",
                        "\r\n ",
                        "a:b\r\n",
                        "--b\r\n",
                        "--b\r\n\r\n",
                        "--b--\r\n",
                        "----\r\n",
                        "a@b,",
                        "<a@b>",
                        "<\"",
                        "\"\\",
                        "x ",
                        "; a=b",
                        "; a=\"",
                        ";a*1=",
                        "=?utf-8?q?a?= ",
                        "=?x?q?",
                        "=?a*",
                        "{\"a\":",
                        "a=b ",
                        "a=",
                        "=41",
                        "=\r\n",
                        "+AA",
                        "begin 644 a\r\n",
                        "M#\r\n",
                        "security-token ",
                        "HTTP/1.1 100 X\r\n\r\n",
                        "From x\r\n",
                        "failed the check in region x: ",
                        "\r\n\r\n",
                        "x\r\n",
                        "inactive address ",
                        "a@b.example. ")) {
            SHAPES.put(piece, size -> piece.repeat(size / piece.length()));
        }
        SHAPES.put("quotes around letters", size -> "\"" + "a".repeat(size) + "\"");
        SHAPES.put("escapes in quotes", size -> "\"" + "\\\"".repeat(size / 2));
        SHAPES.put(
                "an address of letters", size -> "a".repeat(size / 2) + "@" + "b".repeat(size / 2));
        SHAPES.put("comments in each other", size -> "(".repeat(size / 2) + ")".repeat(size / 2));
        SHAPES.put("JSON in each other", size -> "[".repeat(size / 2) + "]".repeat(size / 2));
        SHAPES.put("multiparts in each other", LinearTest::nested);
        for (int seed = 1; seed <= 4; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            String some = Seeds.text(random, "<>()\"\\,;:@=?*%a b.-\r\n\t&#'", 4096) + "<";
            SHAPES.put("of seed " + seed, size -> some.repeat(size / some.length() + 1));
        }
    }

    private static String nested(int size) {
        StringBuilder message = new StringBuilder();
        for (int i = 0; message.length() < size; i++) {
            message.append("Content-Type: multipart/mixed; boundary=b" + i % 90 + "\r\n\r\n");
            message.append("--b" + i % 90 + "\r\n");
        }
        return message.toString();
    }

    static List<String> parsers() {
        return List.copyOf(PARSERS.keySet());
    }

    @ParameterizedTest
    @MethodSource("parsers")
    void timeGrowsWithTheSizeOnly(String name) throws Exception {
        Parser parser = PARSERS.get(name);
        int largest =
                LABORIOUS.contains(name) ? LARGEST_OF_LABORIOUS_CHARACTERS : LARGEST_CHARACTERS;
        List<Throwable> trouble = new ArrayList<>();
        Thread small =
                new Thread(
                        null,
                        () ->
                                SHAPES.forEach((shape, make) ->
                                        Growth.assertLinear(
                                                name + " of " + shape.strip(),
                                                largest,
                                                size -> work(parser, make.apply(size)))),
                        "linear",
                        STACK_BYTES);
        small.setUncaughtExceptionHandler((_, thrown) -> trouble.add(thrown));
        small.start();
        small.join();
        if (!trouble.isEmpty()) {
            throw new AssertionError(name, trouble.getFirst());
        }
    }

    private static Runnable work(Parser parser, String text) {
        return () -> {
            try {
                parser.parse(text);
            } catch (MessageLimitException e) {
                // An end is as good as an answer.
                assertFalse(e.getMessage().isEmpty());
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        };
    }
}
