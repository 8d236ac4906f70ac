package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.egress.CommitGate;
import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.egress.smtp.PortChecker.TryLimits;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.smtp.SmtpLimits;
import dev.postern.testing.Mail;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Act;
import dev.postern.testing.TestKeys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Replies as no standard has them: lines with different codes at each verb, servers that know no
/// EHLO, words in any charset, of any length.
@Timeout(120)
class RepliesTest {

    private static final Map<String, String> POSITIVE =
            Map.of(
                    "GREETING", "220",
                    "EHLO", "250",
                    "STARTTLS", "220",
                    "AUTH", "235",
                    "MAIL", "250",
                    "RCPT", "250",
                    "DATA", "354",
                    ".", "250");

    private static final List<String> REFUSALS = List.of("421", "451", "521", "550", "554");

    static Stream<Arguments> mixtures() {
        return POSITIVE.entrySet().stream()
                .flatMap(verb ->
                        REFUSALS.stream()
                                .map(refusal ->
                                        Arguments.of(verb.getKey(), verb.getValue(), refusal)));
    }

    @ParameterizedTest
    @MethodSource("mixtures")
    void whatEndsInARefusalIsOneAtEveryVerb(String verb, String positive, String refusal)
            throws IOException {
        Outcome mixed = secured(verb, positive + "-fine\n" + refusal + " no");
        Outcome plain = secured(verb, refusal + " no");
        assertEquals(plain.kind(), mixed.kind());
        assertTrue(mixed.reply().contains(refusal), mixed.reply());
        assertTrue(mixed.reply().contains("fine"), mixed.reply());
    }

    static Stream<Arguments> odd() {
        return POSITIVE.entrySet().stream()
                .flatMap(verb ->
                        Stream.of(
                                        "221-a\n252 b",
                                        "252-a\n221 b",
                                        "554-no\n" + verb.getValue() + " fine",
                                        "421-no\n" + verb.getValue() + " fine")
                                .map(reply -> Arguments.of(verb.getKey(), reply)));
    }

    @ParameterizedTest
    @MethodSource("odd")
    void anyOtherMixtureIsNoReply(String verb, String mixture) throws IOException {
        Outcome outcome = secured(verb, mixture);
        if (verb.equals(".")) {
            assertInstanceOf(Outcome.Uncertain.class, outcome);
        } else {
            assertInstanceOf(Outcome.Unavailable.class, outcome);
        }
    }

    private static Outcome secured(String verb, String reply) throws IOException {
        try (ScriptedServer server = ScriptedServer.start()) {
            // Whether content follows a mixture at DATA nobody can know: the server hangs up.
            Act act = verb.equals("DATA") ? new Act.SayAndClose(reply) : new Act.Say(reply);
            server.startTls("localhost").offering("AUTH PLAIN", "SIZE").on(verb, act);
            Outcome outcome = send(EgressSetup.to(server).tls(Tls.REQUIRED).login("user", "word"));
            assertEquals(List.of(), server.messages());
            return outcome;
        }
    }

    private static Outcome send(EgressSetup setup) {
        try (SmtpEgress egress = setup.build()) {
            return egress.send(Mail.to("b@example.net"), CommitGate.OPEN)
                    .outcomes()
                    .firstEntry()
                    .getValue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {500, 501, 502, 504, 550, 554})
    void whoTakesNoEhloIsToldHelo(int code) throws IOException {
        try (ScriptedServer server = ScriptedServer.start()) {
            server.say("EHLO", code + " 5.5.1 what is that");
            assertInstanceOf(Outcome.Accepted.class, send(EgressSetup.to(server)));
            assertEquals("HELO client.example", server.commands().get(1));
            assertEquals("MAIL FROM:<a@example.org>", server.commands().get(2));
            server.say("EHLO", code + " 5.5.1 what is that");
            assertEquals(null, reach(server, TlsStart.CLEAR_TEXT).trouble());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"421 4.3.2 later", "451 4.3.0 later", "521 no mail", "553 no"})
    void anyOtherAnswerToEhloIsARefusal(String reply) throws IOException {
        try (ScriptedServer server = ScriptedServer.start()) {
            server.say("EHLO", reply);
            Outcome outcome = send(EgressSetup.to(server));
            assertInstanceOf(Outcome.Unavailable.class, outcome);
            assertEquals(reply, outcome.reply());
            assertEquals(0, server.count("HELO"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"log-in", "TLS", "EHLO behind STARTTLS"})
    void whereEhloIsNeededItsRefusalIsTold(String why) throws IOException {
        try (ScriptedServer server = ScriptedServer.start()) {
            EgressSetup setup = EgressSetup.to(server);
            server.startTls("localhost").offering("AUTH PLAIN");
            switch (why) {
                case "log-in" -> setup.login("user", "word");
                case "TLS" -> setup.tls(Tls.REQUIRED);
                default -> {
                    setup.tls(Tls.REQUIRED);
                    server.say("EHLO", "250-scripted.example\n250 STARTTLS");
                }
            }
            server.say("EHLO", "502 5.5.1 none of that");
            Outcome.Unavailable outcome = assertInstanceOf(Outcome.Unavailable.class, send(setup));
            assertEquals(Fault.SERVICE, outcome.fault());
            assertTrue(
                    outcome.reply().startsWith("EHLO refused: 502 5.5.1 none of that by "),
                    outcome.reply());
            assertEquals(0, server.count("HELO"));
        }
    }

    @Test
    void aTryThatNeedsStartTlsNeedsEhlo() throws IOException {
        try (ScriptedServer server = ScriptedServer.start()) {
            server.say("EHLO", "502 5.5.1 what is that");
            PortCheck reached = reach(server, TlsStart.STARTTLS);
            assertEquals("ehlo-needed", reached.trouble().row());
            assertEquals(PortCheck.End.NEGATIVE, reached.end());
        }
    }

    private static PortCheck reach(ScriptedServer server, TlsStart opening) {
        TryLimits limits = new TryLimits(Duration.ofSeconds(30), Duration.ofSeconds(30));
        PortChecker checker = new PortChecker("localhost", TestKeys.ca(), "client.example", limits);
        return checker.to(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()), opening);
    }

    @Test
    void wordsBeyondAsciiAreRead() throws IOException {
        try (ScriptedServer server = ScriptedServer.start()) {
            server.say(".", "250 2.0.0 für später – 承知");
            assertEquals("250 2.0.0 für später – 承知", send(EgressSetup.to(server)).reply());
        }
    }

    @Test
    void aLongWordIsCut() throws IOException {
        try (ScriptedServer server = ScriptedServer.start()) {
            server.say(".", "250 " + "x".repeat(16_000));
            Outcome outcome = send(EgressSetup.to(server));
            assertInstanceOf(Outcome.Accepted.class, outcome);
            assertTrue(outcome.reply().length() <= SmtpLimits.UPSTREAM_REPLY_OCTETS);
        }
    }
}
