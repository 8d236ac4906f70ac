package dev.postern.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuardTest {

    private static final String TOKEN = "correct horse";
    private static final String STATUS = "/api/v1/status";

    private final Stage stage = new Stage();

    @AfterEach
    void close() {
        stage.close();
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, 200",
        "LocalHost:8025, 200",
        "localhost., 200",
        "127.0.0.1, 200",
        "127.0.0.1:9, 200",
        "10.1.2.3:8025, 200",
        "[::1]:8025, 200",
        "[fe80::1], 200",
        "evil.example, 421",
        "evil.example:8025, 421",
        "localhost.evil.example, 421",
        "127.0.0.1.evil.example, 421",
        "1.2.3.4.5, 421",
        "999.1.1.1, 421",
        "0x7f000001, 421",
        "user@localhost, 421"
    })
    void theHostMustMeanThisMachine(String host, int status) throws IOException {
        Raw.Answer answer = Raw.request(stage.admin(), "GET", STATUS).header("Host", host).send();

        boolean refused = answer.status() == 400 && status == 421;
        assertTrue(refused || answer.status() == status, host + " " + answer.status());
    }

    @ParameterizedTest
    @CsvSource({
        "'', 401",
        "Bearer wrong, 401",
        "Bearer, 401",
        "Basic correct horse, 401",
        "correct horse, 401",
        "Bearer correct horse!, 401",
        "Bearer correct horse, 200",
        "bearer correct horse, 200"
    })
    void theTokenIsAskedForWhereThereIsOne(String authorization, int status) throws IOException {
        Raw request = Raw.request(stage.admin(TOKEN), "GET", STATUS);
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }

        Raw.Answer answer = request.send();

        assertEquals(status, answer.status());
        if (status == 401) {
            assertTrue(answer.header("www-authenticate").startsWith("Bearer"));
            assertEquals("application/problem+json", answer.header("content-type"));
        }
    }

    @Test
    void theTokenIsAskedForEverywhere() throws IOException {
        for (String target : new String[] {"/api/v1/messages", "/nothing"}) {
            assertEquals(401, Raw.request(stage.admin(TOKEN), "GET", target).send().status());
        }
    }

    @Test
    void withTheTokenAnyHostWillDo() throws IOException {
        Raw.Answer with =
                Raw.request(stage.admin(TOKEN), "GET", STATUS)
                        .header("Host", "postern.example.org")
                        .header("Authorization", "Bearer " + TOKEN)
                        .send();
        Raw.Answer without =
                Raw.request(stage.admin(TOKEN), "GET", STATUS)
                        .header("Host", "postern.example.org")
                        .header("Authorization", "Bearer wrong")
                        .send();

        assertEquals(200, with.status());
        assertEquals(421, without.status());
    }

    @ParameterizedTest
    @CsvSource({
        "'', '', 202",
        "same-origin, OWN, 202",
        "none, '', 202",
        "cross-site, '', 403",
        "same-site, '', 403",
        "'', https://evil.example, 403",
        "'', null, 403",
        "'', http://localhost:1, 403",
        "same-origin, http://evil.example, 403"
    })
    void anotherSitesPageMayNotAct(String site, String origin, int status) throws IOException {
        Raw request = Raw.request(stage.admin(), "POST", "/api/v1/queue/flush");
        if (!site.isEmpty()) {
            request.header("Sec-Fetch-Site", site);
        }
        if (origin.equals("OWN")) {
            request.header("Origin", "http://127.0.0.1:" + stage.admin().port());
        } else if (!origin.isEmpty()) {
            request.header("Origin", origin);
        }

        assertEquals(status, request.send().status());
        assertEquals(status == 202, stage.spool.done.contains("FLUSH"));
    }

    @Test
    void everyAnswerCarriesTheSecurityHeaders() throws IOException {
        for (String target : new String[] {"/", STATUS, "/nothing"}) {
            Raw.Answer answer = stage.get(target);
            assertEquals("nosniff", answer.header("x-content-type-options"), target);
            assertEquals("DENY", answer.header("x-frame-options"), target);
            assertEquals("no-referrer", answer.header("referrer-policy"), target);
            assertEquals("no-store", answer.header("cache-control"), target);
            assertTrue(
                    answer.header("content-security-policy").contains("default-src 'none'"),
                    target);
        }
    }

    @Test
    void thePageRunsOnlyItsOwnScript() throws Exception {
        Raw.Answer page = stage.get("/");

        assertEquals(200, page.status());
        assertEquals("text/html; charset=utf-8", page.header("content-type"));
        String policy = page.header("content-security-policy");
        assertFalse(policy.contains("unsafe"), policy);
        for (String name : new String[] {"script", "style"}) {
            Matcher inline =
                    Pattern.compile("<" + name + ">(.*?)</" + name + ">", Pattern.DOTALL)
                            .matcher(page.text());
            assertTrue(inline.find(), name);
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(inline.group(1).getBytes(StandardCharsets.UTF_8));
            String hash = "sha256-" + Base64.getEncoder().encodeToString(digest);
            assertTrue(policy.contains(name + "-src '" + hash + "'"), name);
        }
        assertFalse(page.text().contains("innerHTML"), "values are text, never markup");
        assertFalse(page.text().matches("(?s).*(src|href)=\"https?:.*"), "nothing from outside");
    }

    @Test
    void withoutTheTokenAnybodyGetsThePageThatAsksForIt() throws IOException {
        Raw.Answer page =
                Raw.request(stage.admin(TOKEN), "GET", "/")
                        .header("Host", "postern.example.org")
                        .send();

        assertEquals(200, page.status());
        assertEquals("text/html; charset=utf-8", page.header("content-type"));
        assertTrue(page.text().contains("id=\"token\""));
    }

    /// Looking at the doctor makes every egress log in.
    @Test
    void anotherSitesPageMayNotLookAtTheApi() throws IOException {
        for (String path : List.of("/api/v1/doctor", STATUS)) {
            Raw.Answer answer =
                    Raw.request(stage.admin(), "GET", path)
                            .header("Sec-Fetch-Site", "cross-site")
                            .send();
            assertEquals(403, answer.status(), path);
        }
        Raw.Answer link =
                Raw.request(stage.admin(), "GET", "/")
                        .header("Sec-Fetch-Site", "cross-site")
                        .send();
        assertEquals(200, link.status());
    }

    @Test
    void methodsAreJudgedBeforeTheyAct() throws IOException {
        Raw.Answer answer =
                Raw.request(stage.admin(TOKEN), "POST", "/api/v1/queue/flush")
                        .header("Authorization", "Bearer " + TOKEN)
                        .header("Sec-Fetch-Site", "cross-site")
                        .send();

        assertEquals(403, answer.status());
        assertTrue(stage.spool.done.isEmpty());
    }

    @Test
    void theBodyOfARefusedRequestIsNotTheNextRequest() throws IOException {
        String hidden = "POST /api/v1/queue/flush HTTP/1.1\r\nHost: localhost\r\n\r\n";

        Raw.Answer answer =
                Raw.request(stage.admin(), "POST", "/api/v1/messages")
                        .header("Content-Type", "text/plain")
                        .body(hidden)
                        .send();
        Raw.Answer refused =
                Raw.request(stage.admin(), "POST", "/api/v1/queue/flush")
                        .header("Sec-Fetch-Site", "cross-site")
                        .body(hidden)
                        .send();
        Raw.Answer unasked =
                Raw.request(stage.admin(), "GET", STATUS).body(hidden).chunked().send();

        assertEquals(415, answer.status());
        assertEquals(403, refused.status());
        assertEquals(200, unasked.status());
        assertEquals(202, stage.post("/api/v1/queue/flush").status());
        assertEquals(1, stage.spool.done.size(), "only the flush that was asked for");
    }
}
