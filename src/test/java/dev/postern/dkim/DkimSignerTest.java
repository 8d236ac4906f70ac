package dev.postern.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.DkimConfig;
import dev.postern.mail.HeaderSection;
import dev.postern.mail.MessageContent;
import dev.postern.testing.Mail;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.Signature;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DkimSignerTest {

    private static final Instant NOW = Instant.ofEpochSecond(1_796_000_000);
    private static final String HEAD = "From: A <a@example.org>\r\n";

    private static DkimSigner signer(DkimConfig... keys) {
        return new DkimSigner(List.of(keys), () -> NOW);
    }

    private static DkimConfig rsa(String domain) {
        return DkimKeys.key(domain, "s1", DkimKeys.RSA);
    }

    private static MessageContent content(String text) {
        return Mail.content(text.getBytes(ISO_8859_1));
    }

    private static String signed(DkimSigner signer, String text, String... replaced)
            throws IOException, GeneralSecurityException {
        MessageContent signed = signer.signed(content(text), Set.of(replaced), _ -> {});
        try (InputStream in = signed.open()) {
            String all = new String(in.readAllBytes(), ISO_8859_1);
            assertEquals(signed.sizeBytes(), all.length());
            assertTrue(all.endsWith(text), all);
            return all.substring(0, all.length() - text.length());
        }
    }

    /// The signatures of a message as their tags.
    private static List<Map<String, String>> tags(DkimSigner signer, String text)
            throws IOException, GeneralSecurityException {
        byte[] fields = (signed(signer, text) + "\r\n").getBytes(ISO_8859_1);
        return HeaderSection.read(new ByteArrayInputStream(fields))
                .rawValues("dkim-signature")
                .stream()
                .map(DkimRecord::tags)
                .toList();
    }

    private static boolean verifies(KeyPair pair, String data, String signature)
            throws GeneralSecurityException {
        boolean rsa = pair.equals(DkimKeys.RSA);
        Signature check = Signature.getInstance(rsa ? "SHA256withRSA" : "Ed25519");
        check.initVerify(pair.getPublic());
        byte[] octets = data.getBytes(ISO_8859_1);
        check.update(rsa ? octets : MessageDigest.getInstance("SHA-256").digest(octets));
        return check.verify(Base64.getDecoder().decode(signature));
    }

    /// The example of RFC 6376 §3.4.5, with what was wanted written by hand.
    @Test
    void theRelaxedFormIsSignedByEveryKey() throws IOException, GeneralSecurityException {
        DkimSigner signer =
                signer(rsa("example.org"), DkimKeys.key("Example.org", "E2", DkimKeys.ED25519));
        String text =
                "Subject: one\r\nFROM : A\t <a@Example.ORG> \r\nX-Other: no\r\nSubject:\r\n"
                        + "\t two \t\r\n lines\r\n\r\n C \r\nD \t E\r\n\r\n \r\n\r\n";
        List<Map<String, String>> signatures = tags(signer, text);
        assertEquals(2, signatures.size());
        String body =
                Base64.getEncoder()
                        .encodeToString(
                                MessageDigest.getInstance("SHA-256")
                                        .digest(" C\r\nD E\r\n".getBytes(US_ASCII)));
        for (Map<String, String> tags : signatures) {
            boolean rsa = tags.get("a").equals("rsa-sha256");
            assertEquals(body, tags.get("bh"));
            assertEquals("relaxed/relaxed", tags.get("c"));
            assertEquals(rsa ? "s1" : "e2", tags.get("s"));
            String names = "from:from:reply-to:subject:subject:subject:to:cc";
            assertEquals(names, tags.get("h"));
            assertEquals(Set.of("v", "a", "c", "d", "s", "t", "h", "bh", "b"), tags.keySet());
            String data =
                    "from:A <a@Example.ORG>\r\nsubject:two lines\r\nsubject:one\r\n"
                            + "dkim-signature:v=1; a="
                            + tags.get("a")
                            + "; c=relaxed/relaxed;"
                            + " d=example.org; s="
                            + tags.get("s")
                            + "; t=1796000000; h="
                            + names
                            + "; bh="
                            + body
                            + "; b=";
            KeyPair pair = rsa ? DkimKeys.RSA : DkimKeys.ED25519;
            assertTrue(verifies(pair, data, tags.get("b")), data);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'', 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "'|||', 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "' | \t|', 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        // The body of RFC 6376's and RFC 8463's examples.
        "'Hi.||We lost the game. Are you hungry yet?||Joe.|',"
                + " 2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    })
    void bodiesHaveTheHashesOfTheStandards(String body, String hash)
            throws IOException, GeneralSecurityException {
        String text = HEAD + "\r\n" + body.replace("|", "\r\n");
        assertEquals(hash, tags(signer(rsa("example.org")), text).getFirst().get("bh"));
    }

    @ParameterizedTest
    @CsvSource({
        "a@example.org, example.org",
        "a@EXAMPLE.org, example.org",
        "a@mail.example.org, mail.example.org",
        "a@x.y.mail.example.org, mail.example.org",
        "a@post.example.org, example.org",
        "'\"example.com\" <a@example.org>, b@example.com', example.org",
        "a@b\u00FCcher.example, xn--bcher-kva.example",
        "a@notexample.org, ''",
        "a@org, ''",
        "root, ''",
        "'', ''"
    })
    void theNearestDomainSigns(String from, String domain)
            throws IOException, GeneralSecurityException {
        DkimSigner signer =
                signer(rsa("example.org"), rsa("mail.example.org"), rsa("xn--bcher-kva.example"));
        String utf8 =
                new String(from.getBytes(java.nio.charset.StandardCharsets.UTF_8), ISO_8859_1);
        List<Map<String, String>> signatures = tags(signer, "From: " + utf8 + "\r\n\r\nx\r\n");
        assertEquals(
                domain.isEmpty() ? List.of() : List.of(domain),
                signatures.stream().map(tags -> tags.get("d")).toList());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Subject: nobody's\r\n\r\nx\r\n",
                HEAD + "From: b@example.org\r\n\r\nx\r\n",
                HEAD + "DKIM-Signature: v=1; d=Example.org;\r\n s = S1; b=x\r\n\r\nx\r\n"
            })
    void whatIsNotToBeSignedStaysAsItIs(String text) throws IOException, GeneralSecurityException {
        MessageContent content = content(text);
        assertSame(content, signer(rsa("example.org")).signed(content, Set.of(), _ -> {}));
    }

    @Test
    void othersSignaturesAndOtherKeysDoNotMatter() throws IOException, GeneralSecurityException {
        String text = HEAD + "DKIM-Signature: v=1; d=example.org; s=s1; b=x\r\n\r\nx\r\n";
        DkimSigner signer =
                signer(rsa("example.org"), DkimKeys.key("example.org", "e2", DkimKeys.ED25519));
        assertEquals(
                List.of("e2"), tags(signer, text).stream().map(tags -> tags.get("s")).toList());
        assertEquals(2, tags(signer, text.replace("s=s1", "s=s2")).size());
    }

    @Test
    void whatTheNextHopReplacesIsNotSigned() throws IOException, GeneralSecurityException {
        String text = HEAD + "Date: x\r\nMessage-ID: <x>\r\nMIME-Version: 1.0\r\n\r\nx\r\n";
        DkimSigner signer = signer(rsa("example.org"));
        String whole = signed(signer, text);
        assertTrue(whole.contains("date:date:"), whole);
        String less = signed(signer, text, "date", "message-id");
        assertTrue(!less.contains("date") && !less.contains("message-id"), less);
        assertTrue(less.contains("mime-version:mime-version"), less);
    }

    /// A hundred fields with one name: the last ones are signed, and the field stays short.
    @Test
    void manyFieldsOfANameHaveABound() throws IOException, GeneralSecurityException {
        List<String> lines = new ArrayList<>(List.of(HEAD.strip()));
        for (int i = 0; i < 100; i++) {
            lines.add("List-Id: <" + i + ">");
        }
        String names =
                tags(signer(rsa("example.org")), String.join("\r\n", lines) + "\r\n\r\nx\r\n")
                        .getFirst()
                        .get("h");
        assertEquals(DkimSigner.INSTANCES_MOST, names.split("list-id", -1).length - 1);
    }

    @Test
    void noLineIsLong() throws IOException, GeneralSecurityException {
        String domain = ("d" + "x".repeat(60) + ".").repeat(3) + "example.org";
        String field = signed(signer(rsa(domain)), "From: a@" + domain + "\r\n\r\nx\r\n");
        field.lines().forEach(line -> assertTrue(line.length() <= 250, line));
        assertArrayEquals(field.getBytes(US_ASCII), field.getBytes(ISO_8859_1));
    }

    /// A key that is there for a message is not left out without a word.
    @ParameterizedTest
    @CsvSource({
        "From: b@example.org, 1, it has 2 From fields",
        "no field, 1, a line of its header section is no field",
        "X-Long: x, 300000, its header section has over 262144 octets"
    })
    void whyAMessageIsNotSignedIsTold(String line, int times, String why) throws IOException {
        String more = line + line.substring(line.length() - 1).repeat(times - 1);
        List<String> told = new ArrayList<>();
        MessageContent content = content(HEAD + more + "\r\n\r\nx\r\n");
        assertSame(content, signer(rsa("example.org")).signed(content, Set.of(), told::add));
        assertEquals(List.of(why), told);
        signer(rsa("example.net")).signed(content, Set.of(), told::add);
        assertEquals(List.of(why), told);
    }
}
