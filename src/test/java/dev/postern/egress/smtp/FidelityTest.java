package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.SteeringFilter;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.testing.Mail;
import dev.postern.testing.RepeatedContent;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Octets arrive as they were given, and extensions are used when they are needed and offered.
@Timeout(120)
class FidelityTest {

    private ScriptedServer server;

    @BeforeEach
    void start() throws IOException {
        server = ScriptedServer.start();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private static Delivery send(EgressSetup setup, OutboundMessage outbound) {
        try (SmtpEgress egress = setup.build()) {
            return egress.send(outbound, CommitGate.OPEN);
        }
    }

    private Outcome send(OutboundMessage outbound) {
        return send(EgressSetup.to(server), outbound).outcomes().firstEntry().getValue();
    }

    private static byte[] octets(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private void assertCarried(String text) {
        OutboundMessage outbound = Mail.of("a@example.org", octets(text), false, "b@example.net");
        assertInstanceOf(Outcome.Accepted.class, send(outbound));
        assertEquals(text, server.messages().getLast().content());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".\r\n",
                "..\r\n.\r\n...\r\n",
                "\r\n",
                "\r\n.\r\n\r\n",
                "no header at all\r\n",
                "X: 1\r\nX: 1\r\nbroken header\r\n\tfolded\r\n :odd\r\n\r\nbody\r\n",
                "Subject: caf\u00e9\r\nTo: \u00ff\u0080\r\n\r\n\u00e9\u0000\u0001\u001a\r\n",
                "Message-ID: <x>\r\nBcc: kept@example.org\r\nContent-Length: 5\r\n\r\n",
                "MAIL FROM:<x>\r\nQUIT\r\n",
            })
    void oddContentArrivesAsItIs(String text) {
        assertCarried(text);
    }

    @Test
    void longLinesArriveAsTheyAre() {
        assertCarried("a\r\n\r\n" + "x".repeat(200_000) + "\r\n." + "y".repeat(16_384) + "\r\n");
    }

    @Test
    void anyContentArrivesAsItIs() {
        Seeds.forEach(
                60,
                random -> {
                    ByteArrayOutputStream text = new ByteArrayOutputStream();
                    int lines = random.nextInt(1, 40);
                    for (int i = 0; i < lines; i++) {
                        text.writeBytes(octets(".".repeat(random.nextInt(3))));
                        int length = random.nextInt(random.nextInt(10) == 0 ? 40_000 : 90);
                        for (int j = 0; j < length; j++) {
                            int octet = random.nextInt(256);
                            text.write(octet == '\r' || octet == '\n' ? ' ' : octet);
                        }
                        text.writeBytes(octets("\r\n"));
                    }
                    assertCarried(text.toString(StandardCharsets.ISO_8859_1));
                });
    }

    @Test
    void fortyMebibytesArriveAsTheyAre() throws IOException {
        server.startTls("localhost");
        RepeatedContent content = RepeatedContent.ofMiB(40);
        OutboundMessage outbound = Mail.of("a@example.org", content, false, "b@example.net");
        Delivery delivery = send(EgressSetup.to(server).tls(Tls.REQUIRED), outbound);
        assertInstanceOf(Outcome.Accepted.class, delivery.outcomes().firstEntry().getValue());
        assertEquals(content.sizeBytes(), server.messages().getFirst().size());
        assertEquals(content.digest(), server.messages().getFirst().digest());
    }

    @Test
    void asksFor8BitMimeWhenNeededAndOffered() {
        assertCarried("Subject: x\r\n\r\ncaf\u00e9\r\n");
        assertEquals("MAIL FROM:<a@example.org> SIZE=20 BODY=8BITMIME", server.commands().get(1));
    }

    @Test
    void sendsEightBitAsItIsWhereNotOfferedAndSaysSo() {
        server.offering("PIPELINING");
        byte[] text = octets("Subject: x\r\n\r\ncaf\u00e9\r\n");
        Outcome.Accepted accepted =
                assertInstanceOf(
                        Outcome.Accepted.class,
                        send(Mail.of("a@example.org", text, false, "b@example.net")));
        assertEquals(List.of("no 8BITMIME"), accepted.notCarried());
        assertEquals("MAIL FROM:<a@example.org>", server.commands().get(1));
        assertEquals(
                new String(text, StandardCharsets.ISO_8859_1),
                server.messages().getFirst().content());
    }

    @Test
    void declinesEightBitWhereNotOfferedWhileAnotherEgressIsLeft() {
        OutboundMessage last =
                Mail.of("a@example.org", octets("\r\ncaf\u00e9\r\n"), false, "b@example.net");
        OutboundMessage first =
                new OutboundMessage(last.id(), last.envelope(), last.content(), false);
        assertInstanceOf(Outcome.Accepted.class, send(first));
        server.offering("PIPELINING");
        Outcome outcome = send(first);
        assertEquals(
                Unsuitability.FORM,
                assertInstanceOf(Outcome.Unsuited.class, outcome).unsuitability());
        assertEquals(1, server.count("MAIL"));
    }

    @Test
    void strictFidelityDoesNotSendEightBitWhereNotOffered() {
        server.offering();
        EgressSetup setup = EgressSetup.to(server);
        setup.fidelity = Fidelity.STRICT;
        byte[] text = octets("Subject: x\r\n\r\ncaf\u00e9\r\n");
        Outcome outcome =
                send(setup, Mail.of("a@example.org", text, false, "b@example.net"))
                        .outcomes()
                        .firstEntry()
                        .getValue();
        assertEquals(
                Unsuitability.FORM,
                assertInstanceOf(Outcome.Unsuited.class, outcome).unsuitability());
        assertEquals(0, server.count("MAIL"));
    }

    @Test
    void doesNotSendWhatIsLargerThanTheServerTakes() {
        server.offering("SIZE 20");
        Outcome.Unsuited unsuited =
                assertInstanceOf(Outcome.Unsuited.class, send(Mail.to("b@example.net")));
        assertEquals(Unsuitability.SIZE, unsuited.unsuitability());
        assertEquals(0, server.count("MAIL"));
    }

    @Test
    void usesSmtpUtf8ForAddressesThatNeedIt() {
        byte[] text = octets(Mail.TEXT);
        assertInstanceOf(
                Outcome.Accepted.class,
                send(Mail.of("a@example.org", text, true, "m\u00fcller@b\u00fccher.example")));
        assertEquals(
                List.of(
                        "MAIL FROM:<a@example.org> SIZE=" + text.length + " SMTPUTF8",
                        "RCPT TO:<m\u00fcller@b\u00fccher.example>"),
                server.commands().subList(1, 3));
    }

    @Test
    void usesSmtpUtf8ForADeclaredHeaderThatNeedsIt() {
        byte[] text = "Subject: caf\u00e9\r\n\r\n".getBytes(StandardCharsets.UTF_8);
        send(Mail.of("a@example.org", text, true, "b@example.net"));
        assertEquals(
                "MAIL FROM:<a@example.org> SIZE=18 BODY=8BITMIME SMTPUTF8",
                server.commands().get(1));
    }

    @Test
    void spellsADomainInAsciiWhereSmtpUtf8IsNotOffered() {
        server.offering();
        Delivery delivery =
                send(
                        EgressSetup.to(server),
                        Mail.of(
                                "a@example.org",
                                octets(Mail.TEXT),
                                true,
                                "b@b\u00fccher.example",
                                "m\u00fcller@example.net",
                                "c@example.net"));
        assertEquals(
                List.of("RCPT TO:<b@xn--bcher-kva.example>", "RCPT TO:<c@example.net>"),
                server.messages().getFirst().rcpts());
        Outcome outcome = delivery.outcomes().get(new ForwardPath("m\u00fcller@example.net"));
        assertEquals(
                Unsuitability.FORM,
                assertInstanceOf(Outcome.Unsuited.class, outcome).unsuitability());
    }

    /// With the domain in ASCII, a message that was submitted with SMTPUTF8 needs it no more.
    @Test
    void spellsTheSendersDomainInAsciiToo() {
        server.offering();
        OutboundMessage outbound =
                Mail.of("a@fa\u00df.example", octets(Mail.TEXT), true, "b@b\u00fccher.example");
        assertInstanceOf(Outcome.Accepted.class, send(outbound));
        assertEquals("MAIL FROM:<a@xn--fa-hia.example>", server.messages().getFirst().mail());
        assertEquals(1, server.count("RCPT TO:<b@xn--bcher-kva.example>"));
    }

    @Test
    void doesNotSendADeclaredUtf8HeaderWhereSmtpUtf8IsNotOffered() {
        server.offering("8BITMIME");
        byte[] text = "Subject: caf\u00e9\r\n\r\n".getBytes(StandardCharsets.UTF_8);
        Outcome outcome = send(Mail.of("a@example.org", text, true, "b@example.net"));
        assertEquals(
                Unsuitability.FORM,
                assertInstanceOf(Outcome.Unsuited.class, outcome).unsuitability());
        assertEquals(0, server.count("MAIL"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "b@example.net>\r\nRCPT TO:<c@example.net",
                "b@exa\u010d\nmple",
                "b>@x",
                "\"b\"@x>",
                "\"b\">\"@x",
                "\"b\\",
                "\"b>@x",
                "a\"b>\"@x",
                "\"b\\\r\"@x"
            })
    void neverSpeaksAnAddressThatCouldBeACommand(String address) {
        assertInstanceOf(Outcome.Rejected.class, send(Mail.to(address)));
        assertEquals(0, server.count("MAIL"));
    }

    /// The fields of another provider are neither sent nor counted (RFC 1870 §6).
    @Test
    void whatSteersAnotherProviderStaysHere() {
        String own = "X-SMTPAPI: {}\r\nSubject: s\r\n\r\nX-PM-Tag: body\r\n";
        OutboundMessage outbound =
                Mail.of("a@example.org", octets("X-PM-Tag: news\r\n" + own), false, "b@x");
        assertEquals(List.of("X-PM-Tag"), notCarried("smtp.sendgrid.net", outbound));
        assertEquals(own, server.messages().getLast().content());
        assertEquals(
                "MAIL FROM:<a@example.org> SIZE=" + own.length(),
                server.messages().getLast().mail());
        assertEquals(List.of(), notCarried("relay.example.org", outbound));
        assertEquals("X-PM-Tag: news\r\n" + own, server.messages().getLast().content());
    }

    private List<String> notCarried(String host, OutboundMessage outbound) {
        EgressSetup setup = EgressSetup.to(server);
        setup.host = host;
        server.named(host);
        setup.fidelity = Fidelity.STRICT;
        try (Egress egress = SteeringFilter.of(setup.config(), setup.build())) {
            Delivery delivery = egress.send(outbound, CommitGate.OPEN);
            Outcome outcome = delivery.outcomes().firstEntry().getValue();
            return assertInstanceOf(Outcome.Accepted.class, outcome).notCarried();
        }
    }
}
