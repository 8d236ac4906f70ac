package dev.postern.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.testing.Commands;
import dev.postern.testing.Programs;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The unit of the packages, as systemd's own tool sees it.
class SystemdIT {

    private static final Path UNIT = SourceFile.HOME.resolve("src/packaging/postern.service");

    /// In tenths, 0 the best; units without any hardening have 96.
    private static final String MOST_EXPOSED = "20";

    @Test
    void theUnitIsGood(@TempDir Path directory) throws IOException {
        Path copy = directory.resolve("postern.service");
        // Where nothing is installed, something else has to be there.
        Files.writeString(copy, Files.readString(UNIT).replace("/usr/bin/postern", "/bin/true"));

        Commands.Result verdict = analyze("verify", "--man=no", copy);

        assertEquals("", verdict.expect(0).errors());
    }

    @Test
    void theUnitIsHardened() throws IOException {
        analyze("security", "--offline=yes", UNIT, "--threshold=" + MOST_EXPOSED).expect(0);
    }

    private static Commands.Result analyze(Object... words) throws IOException {
        ProcessBuilder command = new ProcessBuilder(Programs.SYSTEMD_ANALYZE.require().toString());
        for (Object word : words) {
            command.command().add(word.toString());
        }
        return Commands.run(command);
    }
}
