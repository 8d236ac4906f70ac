package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Lab;
import dev.postern.testing.Postern;
import dev.postern.testing.Provider;
import dev.postern.testing.VpsExim;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// What the tests in a [Lab] start from: a Postern behind the lab's fence, SendGrid's API in the
/// world outside, and egresses that are configured by their credentials alone.
abstract class InLab {

    static final String GMAIL = "smtp.gmail.com";
    static final String RELAY = "smtp.sendgrid.net";
    static final String USERNAME = "app@gmail.com";
    static final String PASSWORD = "abcd-efgh-ijkl-mnop";

    /// Every port that submission is offered on somewhere, and 25.
    static final int[] MAIL_PORTS = {25, 465, 587, 2465, 2525, 2587, 8025, 8465};

    Path directory;
    Lab lab;
    Postern postern;
    PlayedSendGrid sendgrid;

    @BeforeEach
    void open(@TempDir Path directory) throws IOException {
        this.directory = directory;
        lab = Lab.in(directory, GMAIL, RELAY, PlayedSendGrid.HOST);
        sendgrid = PlayedSendGrid.in(lab);
        postern = Postern.in(directory).within(lab.machine());
    }

    @AfterEach
    void close() {
        if (postern != null) {
            postern.close();
        }
        if (lab != null) {
            lab.close();
        }
    }

    Provider gmail(int... ports) {
        return provider(GMAIL, ports);
    }

    Provider provider(String host, int... ports) {
        return lab.provider(host, ports).knowing(USERNAME, PASSWORD);
    }

    /// Returns the egresses by SMTP and, after it, by HTTPS.
    String both() {
        return gmailEgress() + PlayedSendGrid.egress(lab);
    }

    String gmailEgress() {
        return smtp("gmail", GMAIL);
    }

    /// Returns an egress of host and credentials; `ca` stands for what the JDK knows of real
    /// providers.
    String smtp(String name, String host) {
        return "  - {name: %s, type: smtp, host: %s, username: %s, password: \"%s\", ca: %s}\n"
                .formatted(name, host, USERNAME, PASSWORD, lab.ca());
    }

    /// Its log is whole, and has no log-in and no secret in it.
    static void assertHeardNoSecret(VpsExim exim) {
        List<String> heard = exim.heard();
        assertTrue(heard.stream().anyMatch(line -> line.contains("EHLO")), "Exim's log is whole");
        String login = Provider.login(USERNAME, PASSWORD).replace("AUTH PLAIN ", "");
        for (String line : heard) {
            assertFalse(line.contains(PASSWORD) || line.contains(login), line);
            assertFalse(line.matches(".*SMTP<< *AUTH.*"), line);
        }
    }
}
