package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.PosternConfig;
import dev.postern.config.Secret;
import dev.postern.config.load.Sources.TextReader;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterpolationTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "${TOKEN} | from-env",
                "a${TOKEN}b${TOKEN} | afrom-envbfrom-env",
                "${TOKEN:other} | from-env",
                "${NONE:other} | other",
                "${NONE:a:b $ c} | a:b $ c",
                "${EMPTY:other}x | x",
                "${DOLLAR} | ${TOKEN}",
                "$$ | $",
                "$${TOKEN} | ${TOKEN}",
                "a$b$ | a$b$",
                "$$$${TOKEN} | $${TOKEN}",
                "${file:token} | from-file",
                "<${file:/abs/two lines}> | <one;two;>",
                "0123 | 0123",
                "0x1F | 0x1F",
                "1e3 | 1e3",
                "yes | yes",
                "2001-01-01 | 2001-01-01",
            })
    void aSecretIsResolved(String written, String value) {
        Loading loading =
                new Loading()
                        .yaml("http:\n  admin-token: " + written + "\n")
                        .file("token", "from-file\n")
                        .file("/abs/two lines", "one;two;\r\n")
                        .variable("TOKEN", "from-env")
                        .variable("EMPTY", "")
                        .variable("DOLLAR", "${TOKEN}");
        assertEquals(value, loading.config().http().adminToken().reveal());
    }

    @Test
    void anyScalarMayHaveAVariable() {
        Loading loading =
                new Loading()
                        .yaml(
                                """
                                smtp:
                                  max-recipients: ${COUNT}
                                  allow: ["${NET}/8", 127.0.0.1]
                                  users: [{username: "${NAME}", password: "${NAME}"}]
                                egress:
                                  - name: ${NAME}
                                    type: ${TYPE}
                                    host: a.example
                                    port: ${PORT:587}
                                """)
                        .variable("COUNT", "7")
                        .variable("NET", "10.0.0.0")
                        .variable("NAME", "app")
                        .variable("TYPE", "smtp");
        PosternConfig config = loading.config();
        assertEquals(7, config.smtp().maxRecipients());
        assertEquals("10.0.0.0/8", config.smtp().allow().getFirst().toString());
        assertEquals("app", config.smtp().users().getFirst().username());
        assertEquals("app", config.egress().getFirst().name());
        assertEquals(587, loading.smtp().smtp().port().getAsInt());
    }

    @Test
    void onlyTheLastLineBreakGoes() throws IOException {
        assertEquals("a\n", mounted("a\n\n"));
        assertEquals("a", mounted("a\r\n"));
        assertEquals("a\r", mounted("a\r"));
        assertEquals("", mounted("\n"));
        assertEquals("a ", mounted("a "));
    }

    private static String mounted(String text) throws IOException {
        TextReader reader = _ -> text;
        return reader.mounted(Path.of("secret"));
    }

    @Test
    void aMountedSecretIsReadAgainAtEachUse() {
        Loading loading = new Loading().yaml("http: {admin-token: '<${file:token}>'}\n");
        Secret secret = loading.file("token", "first").config().http().adminToken();
        assertEquals("<first>", secret.reveal());
        loading.file("token", "second\n");
        assertEquals("<second>", secret.reveal());
    }

    @Test
    void theLastGoodTextStaysWhileTheFileIsGoneOrEmpty() {
        Loading loading = new Loading().variable("POSTERN_HTTP_ADMIN_TOKEN_FILE", "token");
        Secret secret = loading.file("token", "first").config().http().adminToken();
        loading.file("token", "second");
        assertEquals("second", secret.reveal());
        loading.files.clear();
        assertEquals("second", secret.reveal());
        loading.file("token", "\n");
        assertEquals("second", secret.reveal());
        loading.file("token", "third");
        assertEquals("third", secret.reveal());
    }

    @Test
    void anEmptiedFileWithinATextIsNotTaken() {
        Loading loading = new Loading().yaml("http: {admin-token: '<${file:token}>'}\n");
        Secret secret = loading.file("token", "first").config().http().adminToken();
        loading.file("token", "");
        assertEquals("<first>", secret.reveal());
    }

    @Test
    void anEmptyResultUnsetsWhatMayBeUnset() {
        Loading loading =
                new Loading().yaml("http: {admin-token: '${NONE:}'}\nqualify-domain: ''\n");
        assertNull(loading.config().http().adminToken());
        assertNull(loading.config().qualifyDomain());
    }

    @Test
    void aSecretNeverShowsItself() {
        Loading loading = new Loading().yaml("http: {admin-token: hunter2}\n");
        assertTrue(!loading.config().toString().contains("hunter2"));
    }
}
