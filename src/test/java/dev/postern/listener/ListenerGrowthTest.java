package dev.postern.listener;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.config.PemKey;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.reception.ReceivedField;
import dev.postern.testing.Growth;
import dev.postern.testing.ReadersGrowth;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;

/// What the listener reads beside commands and content. A new reader gets a row.
class ListenerGrowthTest extends ReadersGrowth {

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("Received", ListenerGrowthTest::received),
                row("Received with a literal", text -> received("[" + text + "]")));
    }

    private static void received(String helo) {
        ReceivedField.field(
                new Origin("192.0.2.1", helo, "ESMTP", null),
                "mx.example",
                QueueId.parse("000000000001").orElseThrow(),
                Instant.EPOCH,
                true);
    }

    @Test
    void keyFilesAreReadOnce(@TempDir Path directory) throws IOException {
        for (String label : new String[] {"", "-----BEGIN PRIVATE KEY-----"}) {
            for (String piece : new String[] {"-----BEGIN PRIVATE KEY-----", "-----END ", "a"}) {
                Growth.assertLinear(
                        "PemKey on " + label + piece,
                        1024 * 1024,
                        size -> key(directory, label + piece.repeat(size / piece.length())));
            }
        }
    }

    private static Runnable key(Path directory, String text) {
        try {
            Path file = Files.createTempFile(directory, "key", ".pem");
            Files.writeString(file, text, ISO_8859_1);
            return () -> {
                try {
                    PemKey.read(file);
                } catch (GeneralSecurityException _) {
                    // It is none.
                    return;
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
