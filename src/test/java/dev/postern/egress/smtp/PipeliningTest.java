package dev.postern.egress.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.OutcomeClass;
import dev.postern.testing.Mail;
import dev.postern.testing.ScriptedServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Commands that go out together (RFC 2920): how many round trips a message takes, and that what
/// the server refuses is the same as one by one.
@Timeout(60)
class PipeliningTest {

    private ScriptedServer server;

    @BeforeEach
    void start() throws IOException {
        server = ScriptedServer.start();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private static List<OutcomeClass> send(SmtpEgress egress, String... recipients) {
        Delivery delivery = egress.send(Mail.to(recipients), CommitGate.OPEN);
        return delivery.outcomes().values().stream().map(Outcome::kind).toList();
    }

    /// A server that answers what came in one piece in one piece, and counts the pieces.
    private static final class Turns implements AutoCloseable {

        private final ServerSocket listening =
                new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        private final AtomicInteger count = new AtomicInteger();
        private final String offers;

        Turns(String offers) throws IOException {
            this.offers = offers;
            Thread.ofVirtual().start(this::serve);
        }

        private void serve() {
            try (Socket socket = listening.accept()) {
                say(socket, "220 turns ESMTP\r\n");
                InputStream in = socket.getInputStream();
                byte[] piece = new byte[64 * 1024];
                boolean content = false;
                for (int length = in.read(piece); length > 0; length = in.read(piece)) {
                    String came = new String(piece, 0, length, ISO_8859_1);
                    count.incrementAndGet();
                    if (content) {
                        content = false;
                        say(socket, "250 Ok\r\n");
                        continue;
                    }
                    StringBuilder replies = new StringBuilder();
                    for (String line : came.split("\r\n")) {
                        content |= line.equals("DATA");
                        replies.append(
                                line.startsWith("EHLO")
                                        ? "250-turns\r\n250 " + offers + "\r\n"
                                        : line.equals("DATA") ? "354 go on\r\n" : "250 Ok\r\n");
                    }
                    say(socket, replies.toString());
                }
            } catch (IOException _) {
                // The client left.
            }
        }

        private static void say(Socket socket, String words) throws IOException {
            socket.getOutputStream().write(words.getBytes(ISO_8859_1));
        }

        @Override
        public void close() throws IOException {
            listening.close();
        }
    }

    private static int turnsOfTheSecondMessage(String offers) throws IOException {
        try (Turns turns = new Turns(offers);
                SmtpEgress egress = EgressSetup.to(turns.listening.getLocalPort()).build()) {
            assertEquals(List.of(OutcomeClass.ACCEPTED), send(egress, "b@example.net"));
            int before = turns.count.get();
            assertEquals(List.of(OutcomeClass.ACCEPTED), send(egress, "b@example.net"));
            return turns.count.get() - before;
        }
    }

    @Test
    void aMessageTakesTwoRoundTrips() throws IOException {
        assertEquals(2, turnsOfTheSecondMessage("PIPELINING"));
    }

    @Test
    void aMessageTakesFourWhereItIsNotOffered() throws IOException {
        assertEquals(4, turnsOfTheSecondMessage("SIZE"));
    }

    @Test
    void nothingIsSaidBehindARefusalWhereItIsNotOffered() {
        server.offering("SIZE").say("MAIL", "550 5.7.1 no");
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            assertEquals(List.of(OutcomeClass.REJECTED), send(egress, "b@example.net"));
            assertEquals(0, server.count("RCPT") + server.count("DATA"));
        }
    }

    @Test
    void refusedRecipientsAreRefusedAndTheConnectionGoesOn() {
        server.say("RCPT", "550 5.1.1 no", "450 4.2.1 later");
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            assertEquals(
                    List.of(OutcomeClass.REJECTED, OutcomeClass.DEFERRED),
                    send(egress, "b@example.net", "c@example.net"));
            assertEquals(1, server.count("DATA"));
            assertEquals(List.of(OutcomeClass.ACCEPTED), send(egress, "b@example.net"));
        }
        assertEquals(1, server.connections());
        assertEquals(1, server.messages().size());
    }

    /// It may have a recipient all the same, who would get an empty message.
    @Test
    void aServerThatWaitsForContentForNobodyGetsNoEnd() {
        server.say("RCPT", "550 5.1.1 no").say("DATA", "354 go on");
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            assertEquals(List.of(OutcomeClass.REJECTED), send(egress, "b@example.net"));
            assertEquals(List.of(OutcomeClass.ACCEPTED), send(egress, "b@example.net"));
        }
        assertEquals(2, server.connections());
        assertEquals(1, server.messages().size());
    }

    /// A server that refuses MAIL and takes the rest must not give an empty message to anybody.
    @Test
    void aServerThatWaitsForContentForSomebodyGetsNoEnd() {
        server.say("MAIL", "451 4.3.0 later");
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            assertEquals(List.of(OutcomeClass.DEFERRED), send(egress, "b@example.net"));
            assertEquals(1, server.count("DATA"));
            assertEquals(List.of(OutcomeClass.ACCEPTED), send(egress, "b@example.net"));
        }
        assertEquals(2, server.connections());
        assertEquals(1, server.messages().size());
    }

    @Test
    void whoIsTakenGetsTheMessageThoughAnotherIsRefused() {
        server.say("RCPT TO:<b", "550 5.1.1 no");
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            assertEquals(
                    List.of(OutcomeClass.REJECTED, OutcomeClass.ACCEPTED),
                    send(egress, "b@example.net", "c@example.net"));
        }
        assertEquals(List.of("RCPT TO:<c@example.net>"), server.messages().getFirst().rcpts());
        assertEquals(Mail.TEXT, server.messages().getFirst().content());
    }

    @Test
    void aServerThatHangsUpBehindARefusalHasRefused() {
        server.say("RCPT", "550 5.1.1 no").on("DATA", new ScriptedServer.Act.Close());
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            assertEquals(List.of(OutcomeClass.REJECTED), send(egress, "b@example.net"));
            assertEquals(List.of(OutcomeClass.ACCEPTED), send(egress, "b@example.net"));
        }
        assertEquals(1, server.messages().size());
    }

    @Test
    void aServerThatIsNotAvailableAtDataHasTakenNothing() {
        server.say("DATA", "421 4.3.2 closing");
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            Outcome outcome =
                    egress.send(Mail.to("b@example.net"), CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue();
            assertInstanceOf(Outcome.Unavailable.class, outcome);
            assertEquals(List.of(OutcomeClass.ACCEPTED), send(egress, "b@example.net"));
        }
        assertEquals(1, server.messages().size());
    }

    /// DATA goes out with the last recipients, so that all are known before content is sent.
    @Test
    void moreRecipientsThanGoTogether() {
        String[] many = new String[120];
        for (int i = 0; i < many.length; i++) {
            many[i] = "r" + i + "@example.net";
        }
        server.say("RCPT TO:<r119", "550 5.1.1 no");
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            List<OutcomeClass> outcomes = send(egress, many);
            assertEquals(OutcomeClass.REJECTED, outcomes.getLast());
        }
        assertEquals(119, server.messages().getFirst().rcpts().size());
        assertEquals(1, server.count("DATA"));
    }
}
