package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.CommitGate;
import dev.postern.egress.http.HttpEgress.AnswerText;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.egress.mime.MimeParsers;
import dev.postern.egress.mime.MimeParsers.Parser;
import dev.postern.egress.mime.ParsedMessage.NotCarried;
import dev.postern.egress.mime.ReadingBudget.MessageLimitException;
import dev.postern.mail.ForwardPath;
import dev.postern.testing.Growth;
import dev.postern.testing.Seeds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
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

    private static final List<ForwardPath> RECIPIENTS =
            Stream.of("a@b.example", "x".repeat(60) + "@b.example", "\"q r\"@b.example")
                    .map(ForwardPath::new)
                    .toList();

    private static final Map<String, Parser> PARSERS = new LinkedHashMap<>();

    static {
        PARSERS.putAll(MimeParsers.ALL);
        message();
        answer();
    }

    /// What apps write, each API's way through it included.
    private static void message() {
        for (String type : OutboundMessages.TYPES) {
            Api api = OutboundMessages.api(type);
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
        PARSERS.put(
                "SmtpApiField",
                text ->
                        SendGridApi.SmtpApiField.apply(
                                text, JsonAnswer.MAPPER.createObjectNode(), new NotCarried()));
    }

    private static void plan(Api api, String message) throws IOException {
        try (ContentCursor content = cursor(message)) {
            api.plan(
                    OutboundMessages.of(message, "a@b.example", "c@d.example"),
                    content,
                    post -> post != null);
        }
    }

    private static ContentCursor cursor(String message) {
        return new ContentCursor(
                OutboundMessages.content(message.getBytes(ISO_8859_1)), CommitGate.OPEN);
    }

    /// What servers say.
    private static void answer() {
        for (String type : OutboundMessages.TYPES) {
            Api api = OutboundMessages.api(type);
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
                            api.explain(answer, RECIPIENTS);
                            api.refused(answer, RECIPIENTS);
                            api.probed(answer);
                        }
                    });
        }
        AnswerText words = new AnswerText(new KeyMask(List.of()));
        KeyMask mask =
                new KeyMask(List.of(dev.postern.config.Secret.of("0000aaaa/++xx\"\\%&#0000")));
        PARSERS.put("Recipients", text -> Recipients.namedIn(text, RECIPIENTS));
        PARSERS.put("KeyMask", mask::mask);
        PARSERS.put("AnswerText", text -> words.of(said(text), text, false));
        PARSERS.put("asked waits", text -> HttpEgress.askedWait(said(text)));
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
