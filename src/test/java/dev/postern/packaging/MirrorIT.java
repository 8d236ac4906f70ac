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

/// Which mirror `src/test/image/mirror.sh` finds in what apt is set up with.
class MirrorIT {

    private static final Path SCRIPT = SourceFile.HOME.resolve("src/test/image/mirror.sh");

    @TempDir private Path directory;

    private Commands.Result asked(String list, String deb822) throws IOException {
        Programs.onPath("apt-get", "bash", "sed", "grep");
        Files.writeString(directory.resolve("sources.list"), list);
        Path parts = Files.createDirectories(directory.resolve("parts"));
        Files.writeString(parts.resolve("debian.sources"), deb822);
        Path configuration =
                Files.writeString(
                        directory.resolve("apt.conf"),
                        """
                        Dir::Etc::SourceList "%s/sources.list";
                        Dir::Etc::SourceParts "%s";
                        """
                                .formatted(directory, parts));
        ProcessBuilder builder = new ProcessBuilder(SCRIPT.toString(), "bookworm");
        builder.environment().put("APT_CONFIG", configuration.toString());
        return Commands.run(builder);
    }

    private static String source(String uri) {
        return """
        Types: deb deb-src
        URIs: %s
        Suites: bookworm bookworm-updates
        Components: main
        """
                .formatted(uri);
    }

    @Test
    void bothFormsOfSourcesAreRead() throws IOException {
        String security = "deb http://s.example/debian-security bookworm-security main\n";
        String options = "deb [arch=amd64] http://one.example/debian/ bookworm main\n";
        assertEquals(
                "http://one.example/debian\n", asked(security + options, "").expect(0).output());
        assertEquals(
                "http://two.example/debian\n",
                asked(security, source("http://two.example/debian")).expect(0).output());
    }

    @Test
    void aListOfMirrorsIsFollowed() throws IOException {
        Path mirrors =
                Files.writeString(
                        directory.resolve("mirrors"),
                        "# ours\nhttps://three.example/debian\tpriority:1\nhttp://four.example/\n");
        assertEquals(
                "https://three.example/debian\n",
                asked("", source("mirror+file:" + mirrors)).expect(0).output());
    }

    @Test
    void withoutOneALineSaysSo() throws IOException {
        Commands.Result none = asked("", source("cdrom:[Debian]/")).expect(1);
        assertEquals("", none.output());
        assertEquals(
                "apt has no mirror for bookworm: add one to /etc/apt/sources.list.d\n",
                none.errors());
    }
}
