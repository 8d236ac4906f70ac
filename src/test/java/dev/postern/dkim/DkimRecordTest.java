package dev.postern.dkim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.DkimConfig;
import dev.postern.dkim.DkimCheck.Checked;
import dev.postern.dkim.DkimRecord.Match;
import dev.postern.testing.NameServer;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DkimRecordTest {

    private static final DkimConfig RSA = DkimKeys.key("example.org", "s1", DkimKeys.RSA);
    private static final DkimConfig ED25519 = DkimKeys.key("example.org", "e2", DkimKeys.ED25519);
    private static final String RSA_RECORD = DkimRecord.of(DkimKeys.RSA.getPublic());
    private static final String ED25519_RECORD = DkimRecord.of(DkimKeys.ED25519.getPublic());

    @Test
    void aRecordIsCutForAZone() {
        String line = DkimRecord.zoneLine("s1._domainkey.example.org", RSA_RECORD);
        assertTrue(line.startsWith("s1._domainkey.example.org. IN TXT ( \"v=DKIM1; k=rsa; p="));
        StringBuilder joined = new StringBuilder();
        for (String part : line.split("\"")) {
            assertTrue(part.length() <= 255, part);
            joined.append(
                    part.startsWith("s1.") || part.isBlank() || part.equals(" )") ? "" : part);
        }
        assertEquals(RSA_RECORD, joined.toString());
    }

    /// A key of 32 octets, as RFC 8463 §4.2 has it.
    @Test
    void anEd25519RecordHasTheKeyItself() {
        assertTrue(ED25519_RECORD.matches("v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}="));
    }

    @ParameterizedTest
    @CsvSource({
        "{rsa}, SAME",
        "' v = DKIM1 ; t=s; h=sha1 : sha256; s=email; {rsa}', SAME",
        "{other}, DIFFERENT",
        "{ed25519}, DIFFERENT",
        "h=sha1; {rsa}, DIFFERENT",
        "s=tlsrpt; {rsa}, DIFFERENT",
        "v=DKIM1; k=rsa; p=, DIFFERENT",
        "v=DKIM1; k=rsa; p=AAAA, DIFFERENT",
        "v=DKIM1; k=rsa; p=%, DIFFERENT",
        "v=DKIM1; k=dsa; p=AAAA, DIFFERENT",
        "v=DKIM2; {rsa}, DIFFERENT",
        "v=spf1 -all, MISSING"
    })
    void aRecordIsComparedWithTheKey(String written, Match match) {
        String record =
                written.replace("{rsa}", RSA_RECORD.replace("v=DKIM1; ", ""))
                        .replace("{other}", DkimRecord.of(DkimKeys.pair("RSA", 2048).getPublic()))
                        .replace("{ed25519}", ED25519_RECORD);
        assertEquals(match, DkimRecord.compare(RSA, List.of(record)).match(), record);
    }

    @Test
    void theDnsIsAsked() throws IOException {
        DkimConfig missing = DkimKeys.key("example.org", "nothing", DkimKeys.RSA);
        DkimConfig empty = DkimKeys.key("example.org", "empty", DkimKeys.RSA);
        DkimConfig twice = DkimKeys.key("example.org", "twice", DkimKeys.RSA);
        DkimConfig fails = DkimKeys.key("example.org", "fails", DkimKeys.RSA);
        Map<String, List<String>> records =
                Map.of(
                        RSA.recordName(), List.of(RSA_RECORD + "; n=" + "x y \\\"z ".repeat(30)),
                        ED25519.recordName(), List.of(ED25519_RECORD),
                        empty.recordName(), List.of(),
                        twice.recordName(), List.of(RSA_RECORD, ED25519_RECORD));
        try (NameServer server = new NameServer(records)) {
            List<Checked> checked =
                    DkimCheck.check(
                            List.of(RSA, ED25519, missing, empty, twice, fails), server.url());
            assertEquals(
                    List.of(
                            Match.SAME,
                            Match.SAME,
                            Match.MISSING,
                            Match.MISSING,
                            Match.DIFFERENT,
                            Match.UNKNOWN),
                    checked.stream().map(it -> it.comparison().match()).toList(),
                    checked::toString);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'\"v=DKIM1; p=a\" bc', v=DKIM1; p=abc",
        "'\"a \\\"b\\\\ c\"', 'a \"b\\ c'",
        "abc, abc",
        "'\"a', a"
    })
    void stringsOfARecordAreJoined(String given, String text) {
        assertEquals(text, DkimCheck.joined(given));
    }
}
