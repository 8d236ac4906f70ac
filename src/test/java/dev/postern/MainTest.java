package dev.postern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A jar that was replaced in an image is noticed.
class MainTest {

    /// The CRC-32 of `123456789`, which every description of it gives as its check.
    private static final String CHECK = "3421780262";

    @Test
    void theJarThatTheCacheWasMadeFromIsNoTrouble(@TempDir Path directory) throws IOException {
        Path jar = Files.writeString(directory.resolve("a:jar"), "123456789");
        assertEquals(Optional.empty(), Main.AotCacheCheck.trouble(CHECK + ":" + jar));
        assertEquals(Optional.empty(), Main.AotCacheCheck.trouble(""));
    }

    @Test
    void anotherOneAndNoneAre(@TempDir Path directory) throws IOException {
        Path jar = Files.writeString(directory.resolve("jar"), "123456780");
        String other = Main.AotCacheCheck.trouble(CHECK + ":" + jar).orElseThrow();
        assertTrue(other.startsWith(jar + " is not the one"), other);
        String none =
                Main.AotCacheCheck.trouble(CHECK + ":" + directory.resolve("none")).orElseThrow();
        assertTrue(none.contains("can't be read"), none);
    }
}
