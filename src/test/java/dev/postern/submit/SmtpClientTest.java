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
import dev.postern.submit.SmtpClient.Reports;
import dev.postern.submit.SmtpClient.Untaken;
import dev.postern.submit.SmtpClient.Verdict;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.List;
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

    private static Verdict submit(ScriptedListener listener, SmtpConfig.User user, String content)
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
            Verdict verdict = submit(listener, null, "Subject: x\n\n.dot\r\nbare\rcr\nlast");

            assertEquals(
                    new Verdict.Taken("250 2.0.0 Ok: queued as 0F3Q8M2C7K1A", List.of()), verdict);
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
        UnaryOperator<String> answers =
                line -> line.startsWith(at) ? reply : ScriptedListener.accepting(line);
        try (ScriptedListener listener = new ScriptedListener(answers)) {
            assertEquals(new Verdict.Refused(reply, permanent), submit(listener, null, "x"));
        }
    }

    @Test
    void aRefusedRecipientDoesNotStopTheOthers() throws Exception {
        UnaryOperator<String> answers =
                line ->
                        line.startsWith("RCPT TO:<b@")
                                ? "550 5.1.1 nobody"
                                : ScriptedListener.accepting(line);
        try (ScriptedListener listener = new ScriptedListener(answers)) {
            Verdict.Taken taken =
                    assertInstanceOf(Verdict.Taken.class, submit(listener, null, "x"));

            assertEquals(
                    List.of(
                            new Untaken(
                                    new ForwardPath("b@example.net"), "550 5.1.1 nobody", true)),
                    taken.untaken());
            assertTrue(listener.session().contains("DATA"));
        }
    }

    @Test
    void nothingIsSentToAListenerThatIsGoingDown() throws Exception {
        UnaryOperator<String> answers =
                line ->
                        line.startsWith("RCPT TO:<c@")
                                ? "421 4.3.2 going down"
                                : ScriptedListener.accepting(line);
        try (ScriptedListener listener = new ScriptedListener(answers)) {
            assertEquals(
                    new Verdict.Refused("421 4.3.2 going down", false),
                    submit(listener, null, "x"));
            assertFalse(listener.session().contains("DATA"));
        }
    }

    @ParameterizedTest
    @CsvSource({"DSN, true", "SIZE, false"})
    void reportsAreAskedForWhereTheyAreOffered(String offered, boolean asked) throws Exception {
        UnaryOperator<String> answers =
                line ->
                        line.startsWith("EHLO")
                                ? "250-here\r\n250 " + offered
                                : ScriptedListener.accepting(line);
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

    @Test
    void aSessionThatTheListenerGaveUpIsNone() throws Exception {
        UnaryOperator<String> answers =
                line ->
                        line.startsWith("EHLO")
                                ? "421 4.3.2 down"
                                : ScriptedListener.accepting(line);
        try (ScriptedListener listener = new ScriptedListener(answers);
                SmtpClient client = SmtpClient.connect(listener.address())) {
            assertFalse(
                    client.converse(
                            new ByteArrayInputStream("EHLO x\n".getBytes(UTF_8)),
                            new ByteArrayOutputStream()));
        }
    }
}
