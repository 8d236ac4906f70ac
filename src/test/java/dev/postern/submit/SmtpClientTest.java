package dev.postern.submit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.HostPort;
import dev.postern.config.Secret;
import dev.postern.config.SmtpConfig;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.ReversePath;
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
            return client.submit(ENVELOPE, user, new ByteArrayInputStream(content.getBytes(UTF_8)));
        }
    }

    @Test
    void aMessageIsHandedOverWithCrlfAndStuffedDots() throws Exception {
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            Verdict verdict = submit(listener, null, "Subject: x\n\n.dot\r\nbare\rcr\nlast");

            assertEquals(new Verdict.Taken("250 2.0.0 Ok: queued as 0F3Q8M2C7K1A"), verdict);
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

            client.converse(
                    new ByteArrayInputStream("EHLO x\r\nQUIT\r\n".getBytes(UTF_8)), replies);

            assertTrue(replies.toString(UTF_8).endsWith("221 2.0.0 bye\r\n"));
        }
    }
}
