package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.testing.Seeds;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class EgressUrlFuzzTest {

    private static final List<String> PIECES =
            List.of(
                    "smtp",
                    "smtps",
                    "sendgrid",
                    "ses",
                    "mailgun",
                    "://",
                    ":",
                    "@",
                    "/",
                    "?",
                    "#",
                    "&",
                    "=",
                    "%",
                    "%2F",
                    "%ff",
                    "[",
                    "]",
                    "::1",
                    "a.example",
                    "587",
                    "tls",
                    "none",
                    "api-key",
                    "endpoint",
                    "http://127.0.0.1",
                    "é",
                    "\u0000",
                    "name",
                    "x",
                    ",",
                    "..");

    /// No text makes the parser throw, nor comes back in a message.
    @FuzzTest
    void anyTextIsRead(byte[] input) {
        assertRead(new String(input, StandardCharsets.UTF_8));
    }

    @Test
    void anyMixtureOfPiecesIsRead() {
        Seeds.forEach(
                3000,
                random -> {
                    StringBuilder url = new StringBuilder(Seeds.oneOf(random, PIECES));
                    for (int left = random.nextInt(12); left > 0; left--) {
                        url.append(Seeds.oneOf(random, PIECES));
                    }
                    assertRead(url.toString());
                });
    }

    /// A secret may be put, unencoded, wherever a user errs: no message may hold it.
    @Test
    void noSecretIsEchoedWhereverItStands() {
        Seeds.forEach(
                3000,
                random -> {
                    StringBuilder url = new StringBuilder();
                    for (int left = random.nextInt(8); left > 0; left--) {
                        url.append(Seeds.oneOf(random, PIECES));
                    }
                    url.insert(random.nextInt(url.length() + 1), "hunter2");
                    assertFalse(assertRead(url.toString()).contains("hunter2"), url.toString());
                });
    }

    /// Returns the problems, empty when there is none.
    private static String assertRead(String url) {
        Problems problems = new Problems();
        RawValue.Items items =
                EgressUrl.readAll(
                        new RawValue.Text(url, new Source.Variable("POSTERN_EGRESS")), problems);
        List<EgressLoader.EgressEntry> entries = new EgressLoader(problems).read(items);
        if (problems.isEmpty()) {
            entries.forEach(EgressLoader::config);
            assertTrue(entries.size() == items.items().size(), url);
        }
        return problems.list().toString();
    }
}
