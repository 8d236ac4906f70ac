package dev.postern.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.stream.Collectors.toMap;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Arrival;
import dev.postern.testing.Await;
import dev.postern.testing.Exim;
import dev.postern.testing.FalseEnds;
import dev.postern.testing.NextHop;
import dev.postern.testing.Postern;
import dev.postern.testing.Postfix;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import dev.postern.testing.Tap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// SMTP smuggling through the whole program to real servers: what a client hides behind a false end
/// of data stays content of the one message, at the next hop and on the wire to it.
@Timeout(180)
class SmugglingIT {

    /// Within a chunk even the true end of data is content (RFC 3030 §2).
    private static final String TRUE_END = "\r\n.\r\n";

    private static final String RECIPIENT = "user@example.com";
    private static final String VICTIM = "victim@example.net";

    private static final String CONTENT =
            """
            From: app@example.org\r
            Date: Sun, 22 Nov 2026 12:00:00 +0000\r
            Message-ID: <1@example.org>\r
            Subject: x\r
            \r
            .text\
            """;

    private static final Pattern BARE_CR = Pattern.compile("\r(?!\n)");
    private static final Pattern BARE_LF = Pattern.compile("(?<!\r)\n");

    /// How the content goes in.
    private enum Way {
        DATA,
        /// DATA, an octet a packet.
        SPLIT,
        /// Two chunks, the cut within the false end.
        BDAT
    }

    /// A way out that only senders of its domain have, with a wire tap before the next hop.
    private record Journey(String domain, NextHop hop, Tap tap) {

        static Journey to(String domain, NextHop hop, int port) throws IOException {
            return new Journey(domain, hop, new Tap(port));
        }

        String egress() {
            return """
              - {name: %s, type: smtp, host: 127.0.0.1, port: %d, tls: none, senders: ["@%s"]}
            """
                    .formatted(domain.replace('.', '-'), tap.port(), domain);
        }
    }

    @ParameterizedTest
    @CsvSource({"normalize", "reject"})
    void whatIsHiddenBehindAFalseEndStaysContent(String policy, @TempDir Path directory)
            throws IOException {
        try (Sink sink = Sink.start();
                Exim exim = Exim.start(directory);
                Postfix postfix = Postfix.start(directory)) {
            List<Journey> journeys =
                    List.of(
                            Journey.to("sink.example", sink, sink.port()),
                            Journey.to("exim.example", exim, exim.plainPort()),
                            Journey.to("postfix.example", postfix, postfix.plainPort()));
            travel(policy, journeys, directory);
        }
    }

    private static void travel(String policy, List<Journey> journeys, Path directory)
            throws IOException {
        StringBuilder egresses = new StringBuilder();
        journeys.forEach(journey -> egresses.append(journey.egress()));
        try (Postern postern =
                Postern.in(directory)
                        .smtp("bare-newline: " + policy)
                        .egress(egresses.toString())
                        .start()) {
            Map<String, Map<String, String>> expected = new LinkedHashMap<>();
            for (Journey journey : journeys) {
                boolean rejects = policy.equals("reject");
                expected.put(journey.domain(), submitAll(postern, journey.domain(), rejects));
            }
            postern.awaitEmpty();
            for (Journey journey : journeys) {
                assertArrived(journey, expected.get(journey.domain()));
                assertWire(journey.tap().said(), expected.get(journey.domain()).keySet());
                journey.tap().close();
            }
            assertNoTrace(postern);
        }
    }

    @Test
    void aCommandThatEndsInABareLineFeedIsTheLastOne(@TempDir Path directory) throws IOException {
        try (Postern postern = Postern.in(directory).start();
                SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.write("NOOP\nMAIL FROM:<evil@example.org>\r\n".getBytes(ISO_8859_1));
            String reply = client.reply();
            assertTrue(reply.startsWith("500 5.5.2 "), reply);
            assertThrows(IOException.class, client::reply);
        }
    }

    /// Sends every vector in every way.
    ///
    /// @return the content to expect at the next hop for each sender whose message was accepted
    private static Map<String, String> submitAll(Postern postern, String domain, boolean rejects)
            throws IOException {
        Map<String, String> expected = new LinkedHashMap<>();
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            for (Way way : Way.values()) {
                for (int i = 0; i < FalseEnds.ALL.size(); i++) {
                    String sender = (way + "-" + i + "@" + domain).toLowerCase(Locale.ROOT);
                    submit(client, way, sender, FalseEnds.ALL.get(i), rejects, expected);
                }
            }
            submit(client, Way.BDAT, "true-end@" + domain, TRUE_END, rejects, expected);
        }
        return expected;
    }

    private static void submit(
            SmtpClient client,
            Way way,
            String sender,
            String falseEnd,
            boolean rejects,
            Map<String, String> expected)
            throws IOException {
        String content = CONTENT + falseEnd + smuggled(sender.split("@")[1]);
        assertEquals("250", client.say("MAIL FROM:<" + sender + ">").substring(0, 3));
        assertEquals("250", client.say("RCPT TO:<" + RECIPIENT + ">").substring(0, 3));
        String reply = give(client, way, content, CONTENT.length() + falseEnd.length() / 2);
        if (rejects && (BARE_CR.matcher(content).find() || BARE_LF.matcher(content).find())) {
            assertEquals("550 5.6.0 ", reply.substring(0, 10), sender + ": " + reply);
        } else {
            assertTrue(reply.startsWith("250 2.0.0 Ok: queued as "), sender + ": " + reply);
            expected.put(sender, normal(way == Way.BDAT ? content : unstuffed(content)));
        }
        // No other command has this reply.
        String after = client.say("VRFY postmaster");
        assertTrue(after.startsWith("252 "), sender + ": out of step: " + after);
    }

    /// Returns a message of a sender who could use the same way out.
    private static String smuggled(String domain) {
        return """
        MAIL FROM:<evil@%s>\r
        RCPT TO:<%s>\r
        DATA\r
        Subject: evil\r
        \r
        evil\r
        """
                .formatted(domain, VICTIM);
    }

    /// Gives the content and returns the reply to its end.
    private static String give(SmtpClient client, Way way, String content, int cut)
            throws IOException {
        if (way == Way.BDAT) {
            chunk(client, "BDAT " + cut, content.substring(0, cut));
            String first = client.reply();
            chunk(client, "BDAT " + (content.length() - cut) + " LAST", content.substring(cut));
            assertTrue(first.startsWith("250 "), first);
            return client.reply();
        }
        assertEquals("354", client.say("DATA").substring(0, 3));
        byte[] wire = (content + ".\r\n").getBytes(ISO_8859_1);
        int step = way == Way.SPLIT ? 1 : wire.length;
        for (int from = 0; from < wire.length; from += step) {
            client.write(wire, from, step);
        }
        return client.reply();
    }

    private static void chunk(SmtpClient client, String command, String octets) throws IOException {
        client.write((command + "\r\n" + octets).getBytes(ISO_8859_1));
    }

    /// A dot is taken away at the beginning of a line, and a line begins behind CRLF only; before a
    /// bare CR or LF the dot is content too.
    private static String unstuffed(String content) {
        return content.replaceAll("(?<=\r\n|^)\\.(?![\r\n])", "");
    }

    private static String normal(String content) {
        String withoutCr = BARE_CR.matcher(content).replaceAll(" ");
        return BARE_LF.matcher(withoutCr).replaceAll("\r\n");
    }

    private static void assertArrived(Journey journey, Map<String, String> expected) {
        Await.until(
                expected.size() + " messages at " + journey.domain() + journey.hop().trouble(),
                () -> arrivals(journey).size() >= expected.size());
        List<Arrival> arrivals = arrivals(journey);
        Map<String, String> contents =
                arrivals.stream()
                        .collect(
                                toMap(
                                        Arrival::sender,
                                        it -> it.content().withoutFirst("Received").toString()));
        assertEquals(new TreeMap<>(expected), new TreeMap<>(contents), journey.domain());
        for (Arrival arrival : arrivals) {
            assertEquals(Set.of(RECIPIENT), arrival.recipients(), arrival.sender());
        }
    }

    private static List<Arrival> arrivals(Journey journey) {
        return journey.hop().arrivals();
    }

    /// What left has no bare CR or LF; and split as the strictest and the laxest server would, it
    /// has the commands of the accepted messages and no other ones.
    private static void assertWire(List<String> said, Set<String> senders) {
        long messages = 0;
        for (String session : said) {
            assertFalse(BARE_CR.matcher(session).find(), session);
            assertFalse(BARE_LF.matcher(session).find(), session);
            boolean inContent = false;
            for (String line : session.split("\r\n")) {
                if (inContent) {
                    messages += line.equals(".") ? 1 : 0;
                    inContent = !line.equals(".");
                } else {
                    assertTrue(isOurs(line, senders), line);
                    inContent = line.equals("DATA");
                }
            }
            assertFalse(inContent, session);
        }
        assertEquals(senders.size(), messages);
    }

    private static boolean isOurs(String command, Set<String> senders) {
        String path = command.replaceAll("[^<]*<([^>]*)>.*", "$1");
        return switch (command.split("[ :]", 2)[0]) {
            case "EHLO", "DATA", "NOOP", "RSET", "QUIT" -> true;
            case "MAIL" -> senders.contains(path);
            case "RCPT" -> path.equals(RECIPIENT);
            default -> false;
        };
    }

    private static void assertNoTrace(Postern postern) throws IOException {
        for (String of : List.of("recipient=" + VICTIM, "sender=evil@sink.example")) {
            String found = postern.admin("/api/v1/messages?" + of).path("messages").toString();
            assertEquals("[]", found, of);
        }
        List<String> lines =
                postern.lines().stream()
                        .filter(line -> line.contains(VICTIM) || line.contains("evil@"))
                        .toList();
        assertEquals(List.of(), lines);
    }
}
