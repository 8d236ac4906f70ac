package dev.postern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.postern.config.EgressConfig;
import dev.postern.egress.Egress;
import dev.postern.testing.EgressConfigs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EgressRegistryTest {

    private static final String GMAIL = "smtp://me%40example.org:secret@smtp.example.org:587#gmail";

    @TempDir private Path directory;

    private static List<EgressConfig> configured(String... urls) {
        return EgressConfigs.configured(urls).egress();
    }

    @Test
    void whatDidNotChangeIsKeptInTheNewOrder() {
        try (EgressRegistry stock = new EgressRegistry("me.example.org", InstantSource.system())) {
            String resend = "resend://key@";
            assertEquals(
                    List.of("gmail", "resend"), stock.use(configured(GMAIL, resend), List.of()));
            List<Egress> before = stock.egresses();
            assertEquals(List.of(), stock.use(configured(resend, GMAIL), List.of()));
            assertEquals(before.reversed(), stock.egresses());
            assertEquals(
                    List.of("gmail"),
                    stock.use(configured(resend, GMAIL.replace("secret", "corrected")), List.of()));
            assertSame(before.get(1), stock.egresses().get(0));
            assertNotSame(before.get(0), stock.egresses().get(1));
            assertEquals(List.of("resend"), stock.use(configured("resend://other@"), List.of()));
            assertEquals(1, stock.egresses().size());
        }
    }

    @Test
    void otherAnchorsInTheSameFileMakeItAnew() throws IOException {
        Path home = Path.of(System.getProperty("postern.home", "."));
        Path ca = directory.resolve("ca.pem");
        Files.copy(home.resolve("src/test/resources/tls/ca.pem"), ca);
        try (EgressRegistry stock = new EgressRegistry("me.example.org", InstantSource.system())) {
            String url = GMAIL.replace("#", "?ca=" + ca + "#");
            stock.use(configured(url), List.of());
            assertEquals(List.of(), stock.use(configured(url), List.of()));
            Files.writeString(ca, Files.readString(ca) + "\n");
            assertEquals(List.of("gmail"), stock.use(configured(url), List.of()));
        }
    }
}
