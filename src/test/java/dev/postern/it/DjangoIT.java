package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Commands;
import dev.postern.testing.Programs;
import dev.postern.testing.Provider;
import dev.postern.testing.SmallDisk;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A Django project as its author left it, on a platform that drops the submission ports: only the
/// command that starts it is another, `postern exec --adopt --`, and there is a key for an API.
@Timeout(180)
class DjangoIT extends InLab {

    private static final List<String> TEST_MAIL =
            List.of("python3", "manage.py", "sendtestemail", "someone@example.com");
    private static final int SPOOL_MEBIBYTES = 128;

    /// What the project's dashboard on the platform has; none of it is ours.
    private final Map<String, String> environment =
            new HashMap<>(
                    Map.of(
                            "EMAIL_HOST",
                            GMAIL,
                            "EMAIL_PORT",
                            "587",
                            "EMAIL_USE_TLS",
                            "True",
                            "EMAIL_HOST_USER",
                            USERNAME,
                            "EMAIL_HOST_PASSWORD",
                            PASSWORD,
                            "PATH",
                            "/usr/sbin:/usr/bin:/sbin:/bin"));

    private Provider gmail;

    @BeforeEach
    void project() throws IOException {
        Programs.PYTHON.require();
        Programs.DJANGO.require();
        copy("manage.py");
        copy("settings.py");
        postern.javaOptions(lab.javaOptions());
        gmail = gmail(587, 465);
        lab.fence().drop(MAIL_PORTS);
    }

    private void copy(String name) throws IOException {
        try (InputStream file = getClass().getResourceAsStream("django/" + name)) {
            Files.copy(file, directory.resolve(name));
        }
    }

    private void key(String key) {
        environment.put("POSTERN_EGRESS", "sendgrid://" + key + "@");
    }

    /// Runs a command of the project, in the directory where it is, as its container does.
    private Commands.Result run(List<String> command) throws IOException {
        List<String> words = new ArrayList<>(List.of("exec", "--adopt", "--"));
        words.addAll(command);
        ProcessBuilder builder = postern.command(words.toArray(String[]::new));
        builder.environment().putAll(environment);
        return Commands.run(builder);
    }

    private void assertHeardNoSecret(Commands.Result result) {
        String said = result.output() + result.errors();
        assertFalse(said.contains(PASSWORD) || said.contains(PlayedSendGrid.KEY), said);
    }

    @Test
    void mailLeavesOverHttpsAndTheProjectIsAsItWas() throws IOException {
        key(PlayedSendGrid.KEY);
        Commands.Result result = run(TEST_MAIL).expect(0);
        assertEquals(List.of("shop@example.org"), sendgrid.senders(), result.errors());
        assertTrue(sendgrid.heard().toString().contains("someone@example.com"));
        assertEquals(List.of(), gmail.commands());
        assertTrue(result.errors().contains("egress adopted comes from EMAIL_HOST"));
        assertHeardNoSecret(result);
    }

    @Test
    void withoutAKeyTheAdoptedServerIsReachedByAPortThatIsOpen() throws IOException {
        lab.fence().open();
        lab.fence().drop(587);
        Commands.Result result = run(TEST_MAIL).expect(0);
        assertEquals(List.of("shop@example.org"), gmail.senders(), result.errors());
        assertHeardNoSecret(result);
    }

    @Test
    void theStatusOfTheCommandIsKept() throws IOException {
        key(PlayedSendGrid.KEY);
        run(List.of("python3", "manage.py", "no-such-command")).expect(1);
        run(List.of("python3", "-c", "raise SystemExit(42)")).expect(42);
    }

    @Test
    void whereTheSpoolVanishesOkMeansThatTheApiTookIt() throws IOException {
        onRender(PlayedSendGrid.KEY, 0);
        assertEquals(List.of("shop@example.org"), sendgrid.senders());
        assertEquals(List.of(), gmail.commands());
    }

    @Test
    void whereTheSpoolVanishesTheProjectHearsThatNobodyTookIt() throws IOException {
        Commands.Result result = onRender("SG.revoked", 1);
        assertTrue(result.errors().contains("SMTPDataError: (451, b'4.4.1"), result.errors());
        assertEquals(List.of(), gmail.commands());
    }

    /// As a free service there: `RENDER` is set, and no disk is the spool's.
    private Commands.Result onRender(String key, int status) throws IOException {
        key(key);
        environment.put("RENDER", "true");
        Path spool = directory.resolve("spool");
        try (SmallDisk memory = SmallDisk.mount(spool, SPOOL_MEBIBYTES)) {
            Commands.Result result = run(TEST_MAIL).expect(status);
            assertTrue(result.errors().contains("acknowledge"), result.errors());
            assertHeardNoSecret(result);
            assertEquals(spool, memory.path());
            return result;
        }
    }
}
