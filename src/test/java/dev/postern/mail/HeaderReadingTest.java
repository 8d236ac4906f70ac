package dev.postern.mail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.smtp.BdatDecoder;
import dev.postern.smtp.Command;
import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.testing.Seeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Whoever reads a header sees the same fields: who decides the envelope by it, who takes the blind
/// recipients out, and a next hop that gets what we stored.
class HeaderReadingTest {

    private static final String DATE = "Sun, 22 Nov 2026 10:00:00 +0000";
    private static final String MESSAGE_ID = "<new@here>";
    private static final List<String> NAMES =
            List.of(
                    "From",
                    "To",
                    "Cc",
                    "Bcc",
                    "BCC",
                    "Resent-Bcc",
                    "resent-bcc",
                    "Resent-To",
                    "Subject",
                    "Date",
                    "Message-ID",
                    "X-A",
                    "Received");
    private static final List<String> BLIND = List.of("bcc", "resent-bcc");

    /// A field as a plain reading has it.
    private record Field(String name, String value) {}

    /// A message with a header that may be anything.
    private static byte[] message(RandomGenerator random) {
        StringBuilder text = new StringBuilder();
        if (random.nextInt(8) == 0) {
            text.append("From me Sun Nov 22").append(newline(random));
        }
        for (int lines = random.nextInt(9); lines > 0; lines--) {
            text.append(line(random)).append(newline(random));
        }
        if (random.nextInt(4) > 0) {
            text.append(newline(random));
        }
        text.append(random.nextBoolean() ? "" : "To: body@x.example\r\nBcc: body\r\n.\r\nend");
        return text.toString().getBytes(ISO_8859_1);
    }

    private static String newline(RandomGenerator random) {
        return Seeds.oneOf(random, List.of("\r\n", "\r\n", "\n", "\n", "\r", "\r\r\n", "\n\r"));
    }

    private static String line(RandomGenerator random) {
        return switch (random.nextInt(12)) {
            case 0 -> " folded" + value(random);
            case 1 -> "\t" + value(random);
            case 2 -> "no field at all" + value(random);
            case 3 -> longName(random) + ":" + value(random);
            case 4 -> longName(random) + value(random);
            case 5 -> Seeds.text(random, "aB:\r\n\t -\0\u00e9,@", 12);
            default -> name(random) + blanks(random) + ":" + value(random);
        };
    }

    private static String name(RandomGenerator random) {
        return random.nextInt(10) == 0
                ? Seeds.oneOf(random, List.of("Bc c", "B\u00e9c", "Bcc\0", "", ">Bcc", "From x"))
                : Seeds.oneOf(random, NAMES);
    }

    private static String blanks(RandomGenerator random) {
        return switch (random.nextInt(8)) {
            case 0 -> " ";
            case 1 -> "\t \t".repeat(1 + random.nextInt(400));
            case 2 -> "\r";
            default -> "";
        };
    }

    private static String longName(RandomGenerator random) {
        int size =
                switch (random.nextInt(3)) {
                    case 0 -> 60 + random.nextInt(20);
                    case 1 -> 990 + random.nextInt(20);
                    default -> 3000;
                };
        return (random.nextBoolean() ? "Bcc" : "X-") + "y".repeat(size) + blanks(random);
    }

    private static String value(RandomGenerator random) {
        return Seeds.oneOf(
                random,
                List.of(
                        " a@x.example",
                        " s\rBcc: evil@x.example",
                        " s\nBcc: hidden@x.example",
                        " a,\r\n b@x.example",
                        " \u00c3\u00a9 \u00e9",
                        " a@x.example, ",
                        " a@x.example,\r\nb@x.example",
                        " a@x.example,\r\nb c@x.example,\r\n\td",
                        "",
                        " :",
                        "\0"));
    }

    /// The message as it is stored, cut anywhere on its way in.
    private static byte[] stored(byte[] message, RandomGenerator random) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        HeaderRewriter rewriter =
                new HeaderRewriter(
                        "Received: by here",
                        DATE,
                        MESSAGE_ID,
                        octets -> {
                            while (octets.hasRemaining()) {
                                out.write(octets.get());
                            }
                        });
        BdatDecoder decoder = new BdatDecoder(BareNewline.NORMALIZE, Long.MAX_VALUE);
        decoder.begin(new Command.Bdat(message.length, true));
        int from = 0;
        boolean whole = false;
        while (!whole) {
            int count = Math.min(random.nextInt(1, 80), message.length - from);
            whole = decoder.decode(ByteBuffer.wrap(message, from, count), rewriter::write);
            from += count;
        }
        rewriter.finish();
        return out.toByteArray();
    }

    /// Reads the fields of stored content line by line, whole in memory, as a tolerant next hop
    /// would.
    private static List<Field> plainly(byte[] content) {
        List<Field> fields = new ArrayList<>();
        boolean inField = false;
        String text = new String(content, ISO_8859_1);
        for (String line : text.split("\r\n", -1)) {
            if (line.isEmpty()) {
                break;
            }
            int colon = line.indexOf(':');
            String name = line.substring(0, Math.max(colon, 0)).replaceAll("[ \t]+$", "");
            boolean folded = line.startsWith(" ") || line.startsWith("\t");
            if (folded && inField) {
                Field last = fields.removeLast();
                fields.add(new Field(last.name(), last.value() + line));
            } else if (!folded) {
                inField = !name.isEmpty() && name.chars().allMatch(c -> c > ' ' && c < 127);
                if (inField) {
                    String value = line.substring(colon + 1);
                    fields.add(new Field(name.toLowerCase(Locale.ROOT), value));
                }
            }
        }
        return fields.stream()
                .map(field ->
                        new Field(
                                field.name(),
                                new String(field.value().getBytes(ISO_8859_1), UTF_8)))
                .toList();
    }

    private static List<String> values(List<Field> fields, String name) {
        return fields.stream().filter(f -> f.name().equals(name)).map(Field::value).toList();
    }

    private static HeaderSection read(byte[] message) throws IOException {
        return HeaderSection.read(new ByteArrayInputStream(message));
    }

    private static byte[] lines(InputStream in) throws IOException {
        return new CrlfLines(in).readAllBytes();
    }

    @Test
    void whatDecidesTheEnvelopeIsWhatIsStored() {
        Seeds.forEach(
                4000,
                random -> {
                    byte[] message = message(random);
                    HeaderSection header = read(message);
                    List<Field> stored = plainly(stored(message, random));

                    assertEquals(new Field("received", " by here"), stored.getFirst());
                    for (String name : NAMES) {
                        String lower = name.toLowerCase(Locale.ROOT);
                        List<String> expected = new ArrayList<>(header.all(name));
                        switch (lower) {
                            case "bcc", "resent-bcc" -> expected.clear();
                            case "received" -> expected.addFirst(" by here");
                            case "date" -> addMissing(expected, " " + DATE);
                            case "message-id" -> addMissing(expected, " " + MESSAGE_ID);
                            default -> {}
                        }
                        assertEquals(expected, values(stored, lower), name);
                    }
                });
    }

    private static void addMissing(List<String> values, String missing) {
        if (values.isEmpty()) {
            values.add(missing);
        }
    }

    @Test
    void aBareCarriageReturnIsABlankWhoeverReads() {
        Seeds.forEach(
                1000,
                random -> {
                    byte[] message = message(random);
                    ByteArrayOutputStream decoded = new ByteArrayOutputStream();
                    BdatDecoder decoder = new BdatDecoder(BareNewline.NORMALIZE, Long.MAX_VALUE);
                    decoder.begin(new Command.Bdat(message.length, true));
                    decoder.decode(
                            ByteBuffer.wrap(message),
                            octets -> {
                                while (octets.hasRemaining()) {
                                    decoded.write(octets.get());
                                }
                            });

                    assertEquals(
                            decoded.toString(ISO_8859_1),
                            new String(lines(new ByteArrayInputStream(message)), ISO_8859_1));
                });
    }

    @Test
    void aSectionIsGivenBackAsItWas() {
        Seeds.forEach(
                1000,
                random -> {
                    byte[] message = message(random);
                    InputStream in = new ByteArrayInputStream(message);
                    HeaderSection header = HeaderSection.read(in);
                    InputStream same = header.withValues((name, value) -> value).with(in);

                    assertEquals(
                            new String(lines(new ByteArrayInputStream(message)), ISO_8859_1),
                            new String(lines(same), ISO_8859_1));
                });
    }

    @Test
    void noBlindRecipientIsLeftAboveTheFirstEmptyLine() {
        Seeds.forEach(
                2000,
                random -> {
                    byte[] message = message(random);
                    boolean bodyAtOnce = !read(message).hasFields();
                    List<Field> stored = plainly(stored(message, random));

                    for (String name : BLIND) {
                        assertTrue(values(stored, name).isEmpty(), name);
                    }
                    // Without any field nobody was told to hide anything.
                    assertTrue(!bodyAtOnce || read(message).destinations().isEmpty());
                });
    }

    /// Each of its addresses gets the mail, and nobody sees one.
    @Test
    void aBlindFieldIsOneFieldHoweverItIsWrapped() {
        Seeds.forEach(
                2000,
                random -> {
                    String newline = Seeds.oneOf(random, List.of("\r\n", "\n"));
                    List<String> hidden = new ArrayList<>();
                    StringBuilder text = new StringBuilder("Subject: kept" + newline);
                    text.append(Seeds.oneOf(random, List.of("Bcc:", "BCC :", "Resent-Bcc:")));
                    for (int count = 1 + random.nextInt(6); count > 0; count--) {
                        String address = "hidden-" + count + "@x.example";
                        hidden.add(address);
                        text.append(
                                Seeds.oneOf(
                                        random,
                                        List.of("", " ", newline, newline + " ", newline + "\t")));
                        text.append(random.nextBoolean() ? address : "<" + address + ">");
                        text.append(Seeds.oneOf(random, List.of(",", " ; ", ", ", newline + ",")));
                    }
                    text.append(newline).append("X-Next: kept too").append(newline);
                    text.append("no field" + newline + newline + "body");
                    byte[] message = text.toString().getBytes(ISO_8859_1);

                    String value = read(message).destinations().getFirst();
                    assertEquals(hidden, AddressList.parse(value).addresses());
                    byte[] stored = stored(message, random);
                    assertFalse(new String(stored, ISO_8859_1).contains("hidden"));
                    assertTrue(new String(stored, ISO_8859_1).contains("\r\nno field\r\n"));
                    assertEquals(
                            List.of("received", "subject", "x-next", "date", "message-id"),
                            plainly(stored).stream().map(Field::name).toList());
                });
    }
}
