package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.Secret;
import dev.postern.testing.Seeds;
import java.net.URLEncoder;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// A key is taken out of an answer's words, whatever the provider did to it.
class KeyMaskTest {

    private static final String KEY = "SG.a+b/c=d~e_f-g&h<i\"j\\k";

    private final KeyMask mask = new KeyMask(List.of(Secret.of(KEY)));

    @Test
    void inAnyForm() {
        String percent = URLEncoder.encode(KEY, UTF_8);
        List<String> forms =
                List.of(
                        KEY,
                        KEY.toUpperCase(Locale.ROOT),
                        percent,
                        percent.toLowerCase(Locale.ROOT),
                        KEY.replace("/", "\\/").replace("\"", "\\\""),
                        KEY.replace("&", "\\u0026").replace("<", "\\u003C"),
                        KEY.replace("&", "&#38;").replace("<", "&#x3c;"),
                        base64(KEY),
                        base64("api:" + KEY),
                        base64("u:" + KEY),
                        base64("x" + KEY + "yz"),
                        URLEncoder.encode(base64("api:" + KEY), UTF_8),
                        Base64.getUrlEncoder().encodeToString(("api:" + KEY).getBytes(UTF_8)));
        for (String form : forms) {
            assertEquals("bad key [********]", mask.mask("bad key [" + form + "]"), form);
        }
    }

    @Test
    void whateverStandsBeforeItInBase64() {
        Seeds.forEach(
                300,
                random -> {
                    String key = word(random, 8 + random.nextInt(40));
                    String login = base64(word(random, random.nextInt(9)) + ":" + key);
                    KeyMask one = new KeyMask(List.of(Secret.of(key)));
                    String masked = one.mask("Basic " + login + ".");
                    int left = masked.replace(Secret.MASK, "").length() - "Basic .".length();
                    assertTrue(masked.contains(Secret.MASK), key + ": " + masked);
                    // Of at most nine octets before it, twelve characters are not the key's.
                    assertTrue(left <= 12, key + ": " + masked);
                });
    }

    private static String word(RandomGenerator random, int length) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < length; i++) {
            word.append((char) ('!' + random.nextInt('~' - '!')));
        }
        return word.toString();
    }

    @Test
    void theTokenOfABorrowedRole() {
        String said =
                "The Canonical String was 'host:x x-amz-security-token:IQoJb3/+= x-amz-date:1'";
        assertFalse(mask.mask(said).contains("IQoJb3"));
        assertTrue(mask.mask(said).contains("x-amz-date:1"));
    }

    @Test
    void otherWordsStay() {
        String said = "HTTP 400 The to array is required ********, SG.abc and c2VjcmV0";
        assertEquals(said, mask.mask(said));
        assertEquals(said, new KeyMask(List.of()).mask(said));
    }

    @Test
    void aLongTextIsSoonMasked() {
        String said = "x".repeat(8000) + KEY;
        assertFalse(mask.mask(said).contains("SG."));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    }
}
