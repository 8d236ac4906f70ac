package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.egress.mime.Charsets;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Messages through each egress: all are delivered, and what arrives is what was put into them.
class CorpusTest {

    private static final String TO = OutboundMessages.SOMEONE;

    static List<String> types() {
        return OutboundMessages.TYPES;
    }

    @ParameterizedTest
    @MethodSource("types")
    void everyMessageIsDelivered(String type) throws Exception {
        Map<String, Integer> lost = new TreeMap<>();
        int count = 0;
        int reduced = 0;
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            for (Path file : Corpus.messages()) {
                Outcome outcome = sendToThoseNamed(egress, Corpus.octets(file));
                count++;
                if (!(outcome instanceof Outcome.Accepted accepted)) {
                    throw new AssertionError(file + ": " + outcome);
                }
                reduced += accepted.notCarried().isEmpty() ? 0 : 1;
                accepted.notCarried().forEach(what -> lost.merge(kind(what), 1, Integer::sum));
            }
            assertEquals(count, api.requests().size());
            if (type.equals("mailgun")) {
                assertRaw(api);
            }
        }
        System.out.println(
                type + ": " + count + " messages, " + reduced + " not carried whole: " + lost);
        assertTrue(count > 200, "messages in the corpus: " + count);
    }

    private static Outcome sendToThoseNamed(Egress egress, byte[] octets) throws IOException {
        return egress.send(OutboundMessages.toThoseNamed(octets), CommitGate.OPEN)
                .outcomes()
                .firstEntry()
                .getValue();
    }

    private static Outcome send(Egress egress, byte[] octets) {
        return egress.send(
                        OutboundMessages.of(OutboundMessages.content(octets), TO), CommitGate.OPEN)
                .outcomes()
                .get(new ForwardPath(TO));
    }

    private static String kind(String what) {
        return what.replaceFirst(
                "^((To|Cc):|charset|name of|type|inline|empty attachment).*", "$1");
    }

    private static void assertRaw(FakeApi api) throws IOException {
        List<Path> messages = Corpus.messages();
        for (int i = 0; i < messages.size(); i++) {
            byte[] octets = Corpus.octets(messages.get(i));
            String body = api.requests().get(i).raw();
            int start = body.indexOf("message/rfc822\r\n\r\n") + 18;
            byte[] sent = body.substring(start, start + octets.length).getBytes(ISO_8859_1);
            assertArrayEquals(octets, sent, messages.get(i).toString());
        }
    }

    @Test
    void whatArrivesIsWhatWasPutIntoThem() throws Exception {
        List<String> differences = new ArrayList<>();
        int compared = 0;
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance("sendgrid"));
                Egress egress = OutboundMessages.egress("sendgrid", api.uri())) {
            for (MadeMail made : MadeMail.all()) {
                send(egress, made.octets());
                compared++;
                JsonNode sent = JsonAnswer.read(api.requests().getLast().text());
                compare(made.expected(), sent, "made " + compared, differences);
            }
        }
        System.out.println("compared " + compared + " messages with what was put into them");
        assertEquals(List.of(), differences);
        assertTrue(compared > 200, "messages compared: " + compared);
    }

    private static void compare(
            JsonNode expected, JsonNode sent, String file, List<String> differences)
            throws Exception {
        List<String> texts = new ArrayList<>();
        sent.path("content").forEach(c -> texts.add(plain(c.path("value").asText())));
        List<String> hashes = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (JsonNode attachment : sent.path("attachments")) {
            byte[] octets = Base64.getDecoder().decode(attachment.path("content").asText());
            hashes.add(hash(octets));
            // The other reader had the file with its bare LFs, which the listener mends.
            hashes.add(
                    hash(
                            new String(octets, ISO_8859_1)
                                    .replace("\r\n", "\n")
                                    .getBytes(ISO_8859_1)));
            names.add(attachment.path("filename").asText());
            texts.add(plain(new String(octets, UTF_8)));
            texts.add(plain(Charsets.decode(octets, "")));
            texts.add(plain(new String(octets, ISO_8859_1)));
        }
        String all = String.join("\n", texts);
        for (String member : List.of("text_body", "html_body", "attachments")) {
            for (JsonNode part : expected.path(member)) {
                String text = plain(part.path("text").asText());
                if (part.has("text") && !all.contains(text)) {
                    differences.add(file + " " + member + " text: " + cut(text) + " | " + cut(all));
                }
                if (part.has("sha256")
                        && !hashes.contains(part.path("sha256").asText())
                        && part.path("size").asInt() > 0) {
                    differences.add(file + " " + member + " octets of " + part);
                }
                String name = name(part).replaceAll("[;,]", "_");
                if (member.equals("attachments")
                        && !name.isEmpty()
                        && !names.contains(name)
                        && part.path("size").asInt(1) > 0) {
                    differences.add(file + " name: " + name + " not in " + names);
                }
            }
        }
    }

    private static String cut(String text) {
        return text.substring(0, Math.min(60, text.length()));
    }

    private static String plain(String text) {
        return text.replaceAll("[\\s\\u00A0]+", " ").strip();
    }

    private static String name(JsonNode part) {
        String name = "";
        for (String member : List.of("attributes", "disp_attributes")) {
            for (JsonNode attribute : part.path(member)) {
                if (attribute.path("name").asText().matches("name|filename")) {
                    name = attribute.path("value").asText();
                }
            }
        }
        return name;
    }

    private static String hash(byte[] octets) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(octets));
    }
}
