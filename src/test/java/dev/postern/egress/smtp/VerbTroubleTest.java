package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.egress.CommitGate;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.testing.Mail;
import dev.postern.testing.ScriptedServer;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Each refusal at each verb, over a real dialogue: the outcome is the one of docs/troubles.md, the
/// message was not taken, and the egress works again afterwards.
@Timeout(120)
class VerbTroubleTest {

    private static final List<String> REPLIES =
            List.of(
                    "421 4.3.2 closing",
                    "451 4.3.0 trouble",
                    "452 4.3.1 full",
                    "535 5.7.8 who are you",
                    "550 5.7.1 no",
                    "552 5.3.4 too big",
                    "554 5.0.0 no");

    // spotless:off
    /// A column for each verb, a row for each reply; the letters are explained by [#describe].
    private static final List<String> EXPECTED =
            List.of(
                    // GREETING EHLO STARTTLS AUTH MAIL RCPT DATA .
                    "        us   us       us   us   us   us   us us", // 421
                    "        us   us       ut   us    d    d    d  d", // 451
                    "        us   us       ut   us    d    d    d  d", // 452
                    "        uc   uc       uc   uc   uc   uc   uc uc", // 535
                    "        us   us       ut   uc    r    r    r  r", // 550
                    "        us   us       ut   uc    z    z    z  z", // 552
                    "        us   us       ut   uc    r    r    r  r"); // 554
    // spotless:on

    private static final List<String> VERBS =
            List.of("GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", ".");

    static Stream<Arguments> cells() {
        return VERBS.stream()
                .flatMap(verb ->
                        REPLIES.stream()
                                .flatMap(reply ->
                                        Stream.of("SIZE", "PIPELINING")
                                                .map(offer -> Arguments.of(verb, reply, offer))));
    }

    @ParameterizedTest
    @MethodSource("cells")
    void isWhatTheTableSays(String verb, String reply, String offer) throws IOException {
        String[] row = EXPECTED.get(REPLIES.indexOf(reply)).strip().split(" +");
        try (ScriptedServer server = ScriptedServer.start()) {
            server.startTls("localhost").offering("AUTH PLAIN", offer).say(verb, reply);
            EgressSetup setup = EgressSetup.to(server).tls(Tls.REQUIRED).login("user", "word");
            try (SmtpEgress egress = setup.build()) {
                assertEquals(row[VERBS.indexOf(verb)], describe(send(egress)));
                assertEquals(0, server.messages().size());
                assertEquals("a", describe(send(egress)), "once the trouble is over");
                assertEquals(1, server.messages().size());
            }
        }
    }

    private static Outcome send(SmtpEgress egress) {
        return egress.send(Mail.to("b@example.net"), CommitGate.OPEN)
                .outcomes()
                .firstEntry()
                .getValue();
    }

    /// Unavailable with the first letter of its fault, or accepted, deferred, rejected, `z` for
    /// unsuited by size.
    private static String describe(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Accepted _ -> "a";
            case Outcome.Deferred _ -> "d";
            case Outcome.Rejected _ -> "r";
            case Outcome.Uncertain _ -> "?";
            case Outcome.Unavailable unavailable -> "u" + unavailable.fault().word().charAt(0);
            case Outcome.Unsuited unsuited ->
                    unsuited.unsuitability() == Unsuitability.SIZE ? "z" : "x";
        };
    }
}
