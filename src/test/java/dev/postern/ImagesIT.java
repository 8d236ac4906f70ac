package dev.postern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The images, built and run under the strictest policy; `src/test/image` tells how.
class ImagesIT {

    private static final long LIMIT_MINUTES = 30;

    @Test
    void bothAreBuiltAndServeReadOnlyWithinAHardLimitOfMemory(@TempDir Path directory)
            throws IOException, InterruptedException {
        Programs.PODMAN.require();
        Programs.BUILDAH.require();
        Path bases = Programs.BASE_IMAGES.require();
        Path output = directory.resolve("output");
        Process script =
                new ProcessBuilder(
                                SourceFile.HOME.resolve("src/test/image/images.sh").toString(),
                                bases.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        try {
            assertTrue(script.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES), "it doesn't end");
        } finally {
            script.destroy();
        }
        System.out.println(Files.readString(output));
        assertEquals(0, script.exitValue(), Files.readString(output));
    }
}
