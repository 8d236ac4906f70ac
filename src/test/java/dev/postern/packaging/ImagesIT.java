package dev.postern.packaging;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Containers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// The images, run under the strictest policy; `src/test/image` tells how.
class ImagesIT {

    private static final long LIMIT_BYTES = 90_000_000;

    @ParameterizedTest
    @FieldSource("dev.postern.packaging.Images#BOTH")
    void servesReadOnlyWithinAHardLimitOfMemory(String image)
            throws IOException, InterruptedException {
        Images.check("check.sh", Images.named(image));
    }

    @Test
    void theStageForRenderHandsTheDiskOver() throws IOException, InterruptedException {
        Images.check("check-render.sh", Images.named("render"));
    }

    @ParameterizedTest
    @FieldSource("dev.postern.packaging.Images#BOTH")
    void isNoMoreThanTheReadmePromises(String image, @TempDir Path work)
            throws IOException, InterruptedException {
        Path saved = work.resolve("image");
        try (Containers containers = Containers.open(null)) {
            containers.said(
                    "save",
                    "--compress",
                    "--format",
                    "docker-dir",
                    "--output",
                    saved.toString(),
                    Images.named(image));
        }
        long bytes = size(saved);
        System.out.printf("%s: %d bytes compressed%n", image, bytes);
        assertTrue(bytes <= LIMIT_BYTES, bytes + " bytes");
    }

    private static long size(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        }
    }
}
