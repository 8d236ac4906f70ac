package dev.postern.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MachineTest {

    private static final Machine.MountTable MOUNTS =
            Machine.MountTable.parse(
                    List.of(
                            "1 0 0:1 / / rw shared:1 master:2 - overlay overlay rw,lowerdir=/x",
                            "2 1 8:1 /a /var/spool rw,relatime - ext4 /dev/sda1 rw",
                            "3 1 0:2 / /var/spool\\040two rw - tmpfs tmpfs rw",
                            "4 1 8:2 / /mnt rw - xfs /dev/sdb rw",
                            "5 1 0:3 / /mnt rw - tmpfs tmpfs rw",
                            "6 1 0:4 / /of/another/charset/\uD800 rw - tmpfs tmpfs rw",
                            "a line that is none"));

    @ParameterizedTest
    @CsvSource({
        "/, overlay",
        "/var, overlay",
        "/var/spool, ext4",
        "/var/spool/postern, ext4",
        "/var/spoolx, overlay",
        "'/var/spool two/x', tmpfs",
        "/mnt/x, tmpfs",
    })
    void theInnermostMountDecides(Path path, String type) {
        assertEquals(type, MOUNTS.typeOf(path));
    }

    @Test
    void thisMachineHasAName() {
        assertFalse(Machine.hostname().isBlank());
    }

    @ParameterizedTest
    @CsvSource({
        "/, true",
        "/var, false",
        "/var/spool, true",
        "/var/spool/postern, false",
        "/var/spool two, true"
    })
    void knowsMountPoints(Path path, boolean mounted) {
        assertEquals(mounted, MOUNTS.hasOn(path));
    }
}
