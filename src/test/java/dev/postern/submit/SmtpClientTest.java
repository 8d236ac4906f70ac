package dev.postern.submit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.HostPort;
import dev.postern.config.Secret;
import dev.postern.config.SmtpConfig;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.ReversePath;
import dev.postern.submit.SmtpClient.Receipt;
import dev.postern.submit.SmtpClient.Reports;
import dev.postern.submit.SmtpClient.Untaken;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SmtpClientTest {

    private static final Envelope ENVELOPE =
            new Envelope(
                    new ReversePath("a@example.org"),
                    List.of(new ForwardPath("b@example.net"), new ForwardPath("c@example.net")),
                    false);

    /// Takes everything but what begins so.
    private static UnaryOperator<String> answering(String at, String reply) {
        return line -> line.startsWith(at) ? reply : ScriptedListener.accepting(line);
    }

    private static Receipt submit(ScriptedListener listener, SmtpConfig.User user, String content)
            throws IOException {
        try (SmtpClient client = SmtpClient.connect(listener.address())) {
            return client.submit(
                    ENVELOPE,
                    Reports.UNSAID,
                    user,
                    new ByteArrayInputStream(content.getBytes(UTF_8)));
        }
    }

    @Test
    void aMessageIsHandedOverWithCrlfAndStuffedDots() throws Exception {
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            Receipt verdict = submit(listener, null, "Subject: x\n\n.dot\r\nbare\rcr\nlast");

            assertEquals(
                    new Receipt.Taken(List.of("250 2.0.0 Ok: queued as 0F3Q8M2C7K1A"), List.of()),
                    verdict);
            assertEquals(
                    List.of(
                            "EHLO localhost",
                            "MAIL FROM:<a@example.org> BODY=8BITMIME",
                            "RCPT TO:<b@example.net>",
                            "RCPT TO:<c@example.net>",
                            "DATA",
                            "Subject: x",
                            "",
                            "..dot",
                            "bare cr",
                            "last",
                            ".",
                            "QUIT"),
                    listener.session());
        }
    }

    @Test
    void aUserLogsIn() throws Exception {
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            submit(listener, new SmtpConfig.User("app", Secret.of("pass")), "x");

            assertTrue(listener.session().contains("AUTH PLAIN AGFwcABwYXNz"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "220, 421 4.3.2 going down, false",
        "MAIL, 550 5.7.1 not you, true",
        "RCPT, 450 4.2.1 later, false",
        "DATA, 554 5.5.1 no, true",
        "., 452 4.3.1 full, false"
    })
    void aRefusalAnywhereIsTheVerdict(String at, String reply, boolean permanent)
            throws IOException {
        UnaryOperator<String> answers = answering(at, reply);
        try (ScriptedListener listener = new ScriptedListener(answers)) {
            assertEquals(new Receipt.Refused(reply, permanent), submit(listener, null, "x"));
        }
    }

    @Test
    void aRefusedRecipientDoesNotStopTheOthers() throws Exception {
        UnaryOperator<String> answers = answering("RCPT TO:<b@", "550 5.1.1 nobody");
        try (ScriptedListener listener = new ScriptedListener(answers)) {
            Receipt.Taken taken =
                    assertInstanceOf(Receipt.Taken.class, submit(listener, null, "x"));

            assertEquals(
                    List.of(
                            new Untaken(
                                    new ForwardPath("b@example.net"), "550 5.1.1 nobody", true)),
                    taken.untaken());
            assertTrue(listener.session().contains("DATA"));
        }
    }

    private static UnaryOperator<String> takingOneAtATime(
            UnaryOperator<String> otherwise, AtomicInteger transactions) {
        AtomicInteger named = new AtomicInteger();
        return line -> {
            if (line.startsWith("MAIL")) {
                named.set(0);
                transactions.incrementAndGet();
            }
            boolean full = line.startsWith("RCPT") && named.getAndIncrement() > 0;
            return full ? "452 4.5.3 Too many recipients" : otherwise.apply(line);
        };
    }

    /// More recipients than a transaction takes get the same message in the next ones.
    @Test
    void recipientsThatAreTooManyGetTheMessageToo() throws Exception {
        UnaryOperator<String> answers =
                takingOneAtATime(ScriptedListener::accepting, new AtomicInteger());
        try (ScriptedListener listener = new ScriptedListener(answers)) {
            String queued = "250 2.0.0 Ok: queued as 0F3Q8M2C7K1A";

            assertEquals(
                    new Receipt.Taken(List.of(queued, queued), List.of()),
                    submit(listener, null, "Subject: x\n\n.dot"));
            assertEquals(
                    List.of(
                            "MAIL FROM:<a@example.org> BODY=8BITMIME",
                            "RCPT TO:<b@example.net>",
                            "RCPT TO:<c@example.net>",
                            "DATA",
                            "Subject: x",
                            "",
                            "..dot",
                            ".",
                            "MAIL FROM:<a@example.org> BODY=8BITMIME",
                            "RCPT TO:<c@example.net>",
                            "DATA",
                            "Subject: x",
                            "",
                            "..dot",
                            ".",
                            "QUIT"),
                    listener.session().subList(1, listener.session().size()));
        }
    }

    /// What was taken once is not to be handed over again, whatever the next transaction meets.
    @ParameterizedTest
    @CsvSource({
        "MAIL, 421 4.3.2 going down, false",
        "RCPT, 421 4.3.2 going down, false",
        "RCPT, 452 4.5.3 nobody at all, false",
        "RCPT, 550 5.1.1 nobody, true",
        "DATA, 554 5.5.1 no, true",
        "., 452 4.3.1 full, false",
        "., , false"
    })
    void theRestIsUntakenWhenALaterTransactionFails(String at, String reply, boolean permanent)
            throws IOException {
        AtomicInteger transactions = new AtomicInteger();
        UnaryOperator<String> answers =
                takingOneAtATime(
                        line ->
                                transactions.get() > 1 && line.startsWith(at)
                                        ? reply
                                        : ScriptedListener.accepting(line),
                        transactions);
        try (ScriptedListener listener = new ScriptedListener(answers)) {
            Receipt.Taken taken =
                    assertInstanceOf(Receipt.Taken.class, submit(listener, null, "x"));

            assertEquals(1, taken.replies().size());
            String why = reply == null ? "the listener closed the connection" : reply;
            assertEquals(
                    List.of(new Untaken(new ForwardPath("c@example.net"), why, permanent)),
                    taken.untaken());
        }
    }

    @Test
    void nothingIsSentToAListenerThatIsGoingDown() throws Exception {
        UnaryOperator<String> answers = answering("RCPT TO:<c@", "421 4.3.2 going down");
        try (ScriptedListener listener = new ScriptedListener(answers)) {
            assertEquals(
                    new Receipt.Refused("421 4.3.2 going down", false),
                    submit(listener, null, "x"));
            assertFalse(listener.session().contains("DATA"));
        }
    }

    @ParameterizedTest
    @CsvSource({"DSN, true", "SIZE, false"})
    void reportsAreAskedForWhereTheyAreOffered(String offered, boolean asked) throws Exception {
        UnaryOperator<String> answers = answering("EHLO", "250-here\r\n250 " + offered);
        try (ScriptedListener listener = new ScriptedListener(answers)) {
            try (SmtpClient client = SmtpClient.connect(listener.address())) {
                client.submit(
                        ENVELOPE,
                        new Reports("SUCCESS,FAILURE", "HDRS", "id+2B1"),
                        null,
                        new ByteArrayInputStream("x".getBytes(UTF_8)));
            }

            String mail = "MAIL FROM:<a@example.org>" + (asked ? " RET=HDRS ENVID=id+2B1" : "");
            String rcpt = "RCPT TO:<b@example.net>" + (asked ? " NOTIFY=SUCCESS,FAILURE" : "");
            assertEquals(List.of(mail, rcpt), listener.session().subList(1, 3));
        }
    }

    @Test
    void aConnectionThatEndsIsAnException() throws IOException {
        UnaryOperator<String> answers =
                line -> line.equals(".") ? null : ScriptedListener.accepting(line);
        try (ScriptedListener listener = new ScriptedListener(answers)) {
            assertThrows(IOException.class, () -> submit(listener, null, "x"));
        }
    }

    @Test
    void nobodyThereIsAnException() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        HostPort nobody = new HostPort("127.0.0.1", port);

        assertThrows(IOException.class, () -> SmtpClient.connect(nobody));
    }

    @Test
    void aProgramThatSpeaksSmtpIsConnected() throws Exception {
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting);
                SmtpClient client = SmtpClient.connect(listener.address())) {
            ByteArrayOutputStream replies = new ByteArrayOutputStream();

            boolean ended =
                    client.converse(
                            new ByteArrayInputStream("EHLO x\nNOOP\r\nQUIT\n".getBytes(UTF_8)),
                            replies);

            assertTrue(ended);
            assertTrue(replies.toString(UTF_8).endsWith("221 2.0.0 bye\r\n"));
        }
    }

    /// The octets that a BDAT line counts are no lines; behind DATA there is no BDAT.
    @ParameterizedTest
    @CsvSource({
        "'BDAT 4|a|bcBDAT 3 LAST|d|e', 'BDAT 4^|a|bcBDAT 3 LAST^|d|e'",
        "'bdat 2^||^NOOP|', 'bdat 2^||^NOOP^|'",
        "'BDAT x|a|', 'BDAT x^|a^|'",
        "'NOOP|BDAT 0 LAST|NOOP|', 'NOOP^|BDAT 0 LAST^|NOOP^|'"
    })
    void countedOctetsOfAProgramStayAsTheyAre(String said, String sent) throws IOException {
        assertEquals(sent, passedOn(said, false));
    }

    @Test
    void aBdatLineWithinTheContentOfDataCountsNothing() throws IOException {
        assertEquals("BDAT 4^|a^|^|.^|BDAT 2^||x", passedOn("BDAT 4|a||.|BDAT 2||x", true));
    }

    private static String passedOn(String said, boolean content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        SmtpClient.LocalCommands local = new SmtpClient.LocalCommands(out);
        if (content) {
            local.contentBegins();
        }
        for (byte octet : said.replace('|', '\n').replace('^', '\r').getBytes(UTF_8)) {
            local.write(octet);
        }
        return out.toString(UTF_8).replace('\n', '|').replace('\r', '^');
    }

    @Test
    void aSessionThatTheListenerGaveUpIsNone() throws Exception {
        UnaryOperator<String> answers = answering("EHLO", "421 4.3.2 down");
        try (ScriptedListener listener = new ScriptedListener(answers);
                SmtpClient client = SmtpClient.connect(listener.address())) {
            assertFalse(
                    client.converse(
                            new ByteArrayInputStream("EHLO x\n".getBytes(UTF_8)),
                            new ByteArrayOutputStream()));
        }
    }
}
