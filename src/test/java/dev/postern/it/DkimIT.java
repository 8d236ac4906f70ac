package dev.postern.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postern.dkim.DkimKeys;
import dev.postern.dkim.DkimRecord;
import dev.postern.testing.Arrival;
import dev.postern.testing.Await;
import dev.postern.testing.Commands;
import dev.postern.testing.Exim;
import dev.postern.testing.NextHop;
import dev.postern.testing.Postern;
import dev.postern.testing.Postfix;
import dev.postern.testing.Programs;
import dev.postern.testing.SmtpClient;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Signed by two keys, sent through real servers, and judged at the end by two verifiers that are
/// not ours: dkimpy and OpenDKIM.
///
/// `-Ddkim.corpus=DIRECTORY` sends the messages there too.
@Timeout(300)
class DkimIT {

    private static final int MADE = 60;
    private static final long SEED = 6376;

    private static final List<String> NAMES =
            List.of(
                    "Subject",
                    "To",
                    "Cc",
                    "Reply-To",
                    "X-Odd",
                    "List-Id",
                    "References",
                    "Sender",
                    "Comments",
                    "Content-Type",
                    "MIME-Version",
                    "Date",
                    "Message-ID",
                    "Keywords");

    private static final List<String> PIECES =
            List.of(
                    "a",
                    " ",
                    "  ",
                    "\t",
                    "\r\n ",
                    "\r\n\t",
                    " \t\r\n  ",
                    "<b@example.net>",
                    ",",
                    ";",
                    ":",
                    "=",
                    "\"q\"",
                    "(c)",
                    "=?utf-8?q?=C3=BC?=",
                    "\303\274",
                    "\351",
                    "x".repeat(90));

    private static final List<String> LINES =
            List.of(
                    "",
                    "",
                    " ",
                    "\t ",
                    "text",
                    " text  and\tmore ",
                    ".",
                    "..",
                    ". ",
                    "=20",
                    "-- ",
                    "\303\274\303\237 ",
                    "\351",
                    "From here",
                    "y".repeat(1500));

    @TempDir Path directory;

    @Test
    void whatLeavesIsSignedSoThatOthersCanTell() throws IOException {
        List<byte[]> messages = messages();
        try (Postfix postfix = Postfix.start(directory);
                Exim exim = Exim.start(directory)) {
            for (NextHop hop : List.of(postfix, exim)) {
                Path home =
                        Files.createDirectory(directory.resolve(hop.getClass().getSimpleName()));
                List<Arrival> arrived = sent(messages, hop, home);
                assertEquals(List.of(), refused(arrived, messages, home), home::toString);
            }
        }
    }

    private List<Arrival> sent(List<byte[]> messages, NextHop hop, Path home) throws IOException {
        Path rsa = Files.writeString(home.resolve("rsa.pem"), DkimKeys.pem(DkimKeys.RSA));
        Path ed25519 =
                Files.writeString(home.resolve("ed25519.pem"), DkimKeys.pem(DkimKeys.ED25519));
        String keys =
                """
                dkim:
                  - {domain: example.org, selector: rsa, key: "${file:%s}"}
                  - {domain: example.org, selector: ed, key: "${file:%s}"}
                """
                        .formatted(rsa, ed25519);
        try (Postern postern = Postern.in(home).settings(keys).egress(hop.egress()).start()) {
            try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
                client.say("EHLO client.example");
                for (int i = 0; i < messages.size(); i++) {
                    client.submit(
                            i + "@example.org", List.of("b@example.net"), stuffed(messages.get(i)));
                }
            }
            Await.until(
                    "all arrive" + hop.trouble(), () -> hop.arrivals().size() == messages.size());
        }
        return hop.arrivals();
    }

    /// A line of the header section that is no field: only others' messages have it.
    private static boolean isUnsigned(byte[] message) {
        String text = new String(message, ISO_8859_1);
        int end = (text + "\r\n\r\n").indexOf("\r\n\r\n");
        return text.substring(0, Math.min(end, text.length()))
                .lines()
                .anyMatch(line -> !line.matches("(?s)[!-9;-~]+[ \t]*:.*|[ \t].*"));
    }

    private static byte[] stuffed(byte[] message) {
        return new String(message, ISO_8859_1).replace("\r\n.", "\r\n..").getBytes(ISO_8859_1);
    }

    /// Returns what the verifiers have against what arrived.
    private static List<String> refused(List<Arrival> arrived, List<byte[]> messages, Path home)
            throws IOException {
        Path mail = Files.createDirectory(home.resolve("arrived"));
        int unsigned = 0;
        for (Arrival each : arrived) {
            String name = each.sender().replaceFirst("@.*", "");
            if (isUnsigned(messages.get(Integer.parseInt(name)))) {
                assertFalse(each.content().has("DKIM-Signature"), name);
                unsigned++;
                continue;
            }
            Files.writeString(mail.resolve(name), each.content().toString(), ISO_8859_1);
        }
        Commands.Result judged = judged(mail, home);
        List<String> refused = new ArrayList<>();
        int count = 0;
        int lookedAt = 0;
        for (String line : judged.output().lines().toList()) {
            JsonNode verdict = new ObjectMapper().readTree(line);
            count++;
            lookedAt += verdict.path("opendkim").asText().equals("good") ? 1 : 0;
            if (!verdict.path("good").asBoolean()) {
                int number = Integer.parseInt(verdict.path("message").asText());
                refused.add(line + " " + new String(messages.get(number), ISO_8859_1));
            }
        }
        assertEquals(messages.size() - unsigned, count, judged.errors());
        System.out.println(
                "dkim: dkimpy " + count + ", OpenDKIM " + lookedAt + ", unsigned " + unsigned);
        assertTrue(lookedAt > count / 4, "OpenDKIM looked at " + lookedAt);
        return refused;
    }

    /// Has the verifiers look at the messages of a directory, with a name server of their own.
    private static Commands.Result judged(Path mail, Path home) throws IOException {
        Map<String, String> records =
                Map.of(
                        "rsa._domainkey.example.org",
                        DkimRecord.of(DkimKeys.RSA.getPublic()),
                        "ed._domainkey.example.org",
                        DkimRecord.of(DkimKeys.ED25519.getPublic()));
        Path known = home.resolve("records.json");
        new ObjectMapper().writeValue(known.toFile(), records);
        Path resolv = Files.writeString(home.resolve("resolv.conf"), "nameserver 127.0.0.1\n");
        Programs.OPENDKIM_TESTMSG.require();
        Programs.DKIMPY.require();
        String script = SourceFile.HOME.resolve("src/test/resources/dkim/verify.py").toString();
        String inside =
                "ip link set lo up && mount --bind \"$1\" /etc/resolv.conf"
                        + " && exec /usr/bin/python3 \"$2\" \"$3\" \"$4\"";
        return Commands.run(
                        new ProcessBuilder(
                                Programs.UNSHARE.require().toString(),
                                "--net",
                                "--mount",
                                "/bin/sh",
                                "-c",
                                inside,
                                "sh",
                                resolv.toString(),
                                script,
                                known.toString(),
                                mail.toString()))
                .expect(0);
    }

    private static List<byte[]> messages() throws IOException {
        List<byte[]> messages = new ArrayList<>();
        Random random = new Random(SEED);
        for (int i = 0; i < MADE; i++) {
            messages.add(made(random).getBytes(ISO_8859_1));
        }
        String corpus = System.getProperty("dkim.corpus", "");
        if (!corpus.isEmpty()) {
            try (Stream<Path> files = Files.walk(Path.of(corpus))) {
                files.filter(file -> file.toString().endsWith(".eml"))
                        .sorted()
                        .map(DkimIT::ours)
                        .forEach(messages::add);
            }
        }
        return messages;
    }

    /// A message of others' with our From field, and lines that end as they travel.
    private static byte[] ours(Path file) {
        try {
            String text = Files.readString(file, ISO_8859_1).replaceAll("\r?\n", "\r\n");
            int end = text.indexOf("\r\n\r\n");
            String head = end < 0 ? text : text.substring(0, end);
            String rest = end < 0 ? "\r\n\r\n" : text.substring(end);
            String others =
                    head.replaceAll(
                            "(?im)^(from|dkim-signature)[ \t]*:.*\r?\n?([ \t]+.*\r?\n?)*", "");
            // Blanks before a colon are obsolete (RFC 5322 §4.5), and dkimpy stops there.
            String modern = others.replaceAll("(?m)^([!-9;-~]+)[ \t]+:", "$1:");
            String whole = "From: us <us@example.org>\r\n" + modern.stripTrailing() + rest;
            return (whole.stripTrailing() + "\r\n").getBytes(ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String made(Random random) {
        StringBuilder text = new StringBuilder();
        int before = random.nextInt(4);
        for (int i = 0; i < before; i++) {
            field(random, text);
        }
        text.append(
                random.nextBoolean()
                        ? "From: a@example.org\r\n"
                        : "FROM: \"\303\274\"\r\n\t<b@Mail.Example.org>  \r\n");
        int behind = random.nextInt(12);
        for (int i = 0; i < behind; i++) {
            field(random, text);
        }
        text.append("\r\n");
        int lines = random.nextInt(15);
        for (int i = 0; i < lines; i++) {
            text.append(LINES.get(random.nextInt(LINES.size()))).append("\r\n");
        }
        return text.toString();
    }

    private static void field(Random random, StringBuilder text) {
        String name = NAMES.get(random.nextInt(NAMES.size()));
        text.append(random.nextBoolean() ? name : name.toLowerCase(Locale.ROOT)).append(':');
        int pieces = random.nextInt(8);
        for (int i = 0; i < pieces; i++) {
            text.append(PIECES.get(random.nextInt(PIECES.size())));
        }
        // A line of blanks alone is no line of a field to every reader (RFC 5322 §3.2.2).
        text.append("z\r\n");
        String folded = text.toString().replaceAll("\r\n[ \t]+(?=\r\n)", "");
        text.setLength(0);
        text.append(folded);
    }
}
