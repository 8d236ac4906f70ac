package dev.postern.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/// The one page: its style and script are put into it, so that it is one answer, and the only
/// script that the browser runs is the one whose hash the policy names (CSP Level 3 §8.4).
///
/// It holds no fact about any mail: it asks the API for them. So whoever lacks the token gets it
/// too, and it asks for the token.
final class WebPage {

    private static final String STYLE_MARK = "/*style*/";
    private static final String SCRIPT_MARK = "/*script*/";

    private final byte[] body;
    private final String policy;

    WebPage() {
        String style = resource("page.css");
        String script = resource("page.js");
        this.body =
                resource("page.html")
                        .replace(STYLE_MARK, style)
                        .replace(SCRIPT_MARK, script)
                        .getBytes(UTF_8);
        this.policy =
                "default-src 'none'; connect-src 'self'; img-src data:; script-src '"
                        + hash(script)
                        + "'; style-src '"
                        + hash(style)
                        + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    void send(ServerResponse response) {
        response.header(HeaderNames.CONTENT_TYPE, "text/html; charset=utf-8");
        response.header("Content-Security-Policy", policy);
        response.header("Cross-Origin-Opener-Policy", "same-origin");
        response.send(body);
    }

    private static String resource(String name) {
        try (InputStream in = WebPage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("not in the jar: " + name);
            }
            return new String(in.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
