package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.load.ConfigShow.YamlText;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;

class ConfigShowTest {

    @Test
    void everyValueHasItsSource() {
        Loading loading = new Loading().yaml("smtp:\n  hostname: a.example\n");
        loading.variable("POSTERN_RETRY_MAX_AGE", "2d");
        String shown = ConfigShow.render(loading.valid());
        assertLine("  hostname: a.example # postern.yaml:2:13", shown);
        assertLine("  max-age: 2d # POSTERN_RETRY_MAX_AGE", shown);
        assertLine("  listen: 127.0.0.1:2525 # default", shown);
        assertLine("acknowledge: spooled # default", shown);
    }

    @Test
    void egressesAreShownWithTheirSources() {
        Loading loading =
                new Loading().yaml("egress:\n  - {name: a, type: smtp, host: a.example}\n");
        String shown = ConfigShow.render(loading.valid());
        assertLine("  - name: a # postern.yaml:2:12", shown);
        assertLine("    tls: optional # default", shown);
        String fromUrl =
                ConfigShow.render(
                        new Loading()
                                .variable(
                                        "POSTERN_EGRESS", "smtp://a.example smtp://me:x@b.example")
                                .valid());
        assertLine("  - name: smtp-2 # POSTERN_EGRESS URL 2", fromUrl);
        assertLine("    username: me # POSTERN_EGRESS URL 2", fromUrl);
    }

    @Test
    void noSecretIsShown() {
        String secret = "hunter2";
        Loading loading =
                new Loading().yaml("notify: {url: 'https://u:hunter2@h.example/x?hunter2'}\n");
        loading.variable("POSTERN_HTTP_ADMIN_TOKEN", secret)
                .variable("POSTERN_NOTIFY_SECRET", secret);
        loading.variable("POSTERN_SMTP_USERS", "app:hunter2");
        loading.variable("POSTERN_DKIM", Keys.DKIM.example());
        loading.variable(
                "POSTERN_EGRESS",
                "smtp://me:hunter2@a.example smtp://hunter2:hunter2@b.example#token"
                        + " brevo://hunter2@ ses://hunter2:hunter2@eu-west-1"
                        + " mailgun://hunter2@mg.example.org");
        String shown = ConfigShow.render(loading.valid());
        assertFalse(shown.contains(secret), shown);
        assertFalse(shown.contains("PRIVATE KEY"), shown);
        assertTrue(shown.contains("{domain: example.org, selector: s1, key: \"********\"}"), shown);
        assertTrue(shown.contains("url: \"https://********@h.example/x?********\""), shown);
        assertTrue(shown.contains("users: [{username: app, password: \"********\"}]"), shown);
    }

    /// What is shown can be loaded, and means the same; where it matters what a secret is, it has
    /// to be put in.
    @Test
    void whatIsShownLoadsAgain() {
        Loading loading = KeysTest.machine();
        Keys.ALL.forEach(key -> loading.variable(key.variable(), key.example()));
        loading.variable("POSTERN_SENDMAIL_FROM", "a$b\"c\\d:é@example.org");
        String shown = ConfigShow.render(loading.valid());
        String key = "dkim: " + YamlText.ofTable(Keys.DKIM.type(), Keys.DKIM.example());
        String filled = shown.replaceFirst("dkim: .*", Matcher.quoteReplacement(key));
        String again = ConfigShow.render(KeysTest.machine().yaml(filled).valid());
        assertEquals(withoutSources(shown), withoutSources(again));
        assertTrue(again.contains("a$$b"), again);
    }

    private static String withoutSources(String shown) {
        return shown.replaceAll(" +# .*", "");
    }

    private static void assertLine(String line, String shown) {
        boolean found = shown.lines().anyMatch(each -> each.replaceAll(" +# ", " # ").equals(line));
        assertTrue(found, line + " is not in\n" + shown);
    }
}
