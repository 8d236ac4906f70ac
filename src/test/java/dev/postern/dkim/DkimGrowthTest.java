package dev.postern.dkim;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.testing.Mail;
import dev.postern.testing.ReadersGrowth;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// Everything here that reads what strangers write: messages, and records.
class DkimGrowthTest extends ReadersGrowth {

    private static final DkimSigner SIGNER =
            new DkimSigner(
                    List.of(DkimKeys.key("example.org", "s1", DkimKeys.ED25519)),
                    InstantSource.system());

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("DkimRecord", DkimRecord::tags),
                row("DkimRecord of many tags", text -> DkimRecord.tags("a=" + text + ";")),
                row("DkimCheck", DkimCheck::joined),
                row("DkimSigner, From", text -> sign("From: " + text + "\r\n\r\n")),
                row("DkimSigner, head", text -> sign("From: a@example.org\r\n" + text)),
                row(
                        "DkimSigner, subject",
                        text -> sign("From: a@example.org\r\nSubject: " + text + "\r\n\r\n")),
                row(
                        "DkimSigner, signature",
                        text -> sign("From: a@example.org\r\nDKIM-Signature: " + text)),
                row("DkimSigner, body", text -> sign("From: a@example.org\r\n\r\n" + text)));
    }

    private static void sign(String text) {
        try {
            SIGNER.signed(Mail.content(text.getBytes(UTF_8)), Set.of(), _ -> {});
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
