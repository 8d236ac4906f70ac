package dev.postern.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Await;
import dev.postern.testing.Commands;
import dev.postern.testing.Daemon;
import dev.postern.testing.DebianRoot;
import dev.postern.testing.Programs;
import dev.postern.testing.Sink;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `docs/howto/vps-exim.md`, as printed, in a small Debian: a comment above each block says what is
/// done with it. The ways out are one stand-in, set by the environment, and ports are free ones.
class HowtoVpsIT {

    private static final Path PAGE = SourceFile.HOME.resolve("docs/howto/vps-exim.md");
    private static final Pattern FENCE = Pattern.compile("(?m)^```\\w+\\n");
    private static final Pattern BLOCK =
            Pattern.compile(
                    "<!-- (run|node|module|file|not run)(?:: ([^>]+))? -->\\n"
                            + "```\\w+\\n(.*?)\\n```\\n",
                    Pattern.DOTALL);
    private static final String RUN = "run";
    private static final String CREDENTIALS = "/run/credentials/postern.service";

    @TempDir private Path directory;

    private record Block(String use, String detail, String text) {}

    @Test
    void everyBlockSaysWhatIsDoneWithIt() throws IOException {
        assertEquals(FENCE.matcher(Files.readString(PAGE)).results().count(), blocks().size());
    }

    @Test
    void thePageWorks() throws IOException {
        Path deb = Packages.built(".deb");
        try (DebianRoot debian = DebianRoot.copyTo(directory.resolve("debian"));
                Sink sink = Sink.start()) {
            Files.copy(deb, debian.file("/root").resolve(deb.getFileName()));
            List<Block> run = blocks().stream().filter(it -> it.use().equals(RUN)).toList();
            // Install, and put the secrets away.
            shell(debian, run.get(0));
            shell(debian, run.get(1));
            Block configuration = only("file");
            Files.writeString(debian.file(configuration.detail()), configuration.text() + "\n");
            credentials(debian);
            try (Daemon postern = serve(debian, sink)) {
                shell(debian, run.get(2));
                shell(debian, run.get(3));
                assertEquals(4, run.size(), "each block is run");
                assertEquals(
                        Set.of("you@example.org"), sink.await("app@first.example").recipients());
                assertEquals(
                        Set.of("you@example.org"), sink.await("server@example.org").recipients());

                nodemailerSends(debian);
                assertEquals(
                        Set.of("customer@example.com"),
                        sink.await("orders@first.example").recipients());
                postern.terminate();
                assertEquals(0, postern.awaitExit());
            }
        }
    }

    @Test
    void pm2CouldReadItsFile() throws IOException {
        Path module =
                Files.writeString(directory.resolve("ecosystem.config.js"), only("module").text());

        String script = "console.log(require('%s').apps[0].env.SMTP_PORT)".formatted(module);

        ProcessBuilder node = new ProcessBuilder(Programs.NODE.require().toString(), "-e", script);
        assertEquals("2525\n", Commands.run(node).expect(0).output());
    }

    private static void shell(DebianRoot debian, Block block) throws IOException {
        debian.run("sh", "-ec", "cd /root\n" + block.text()).expect(0);
    }

    /// What systemd does for LoadCredential, and the runtime directory.
    private static void credentials(DebianRoot debian) throws IOException {
        String give =
                """
                install -d -o postern /run/postern
                install -d -o postern -m 0500 %1$s
                for file in /etc/postern/credentials/*; do
                    install -o postern -m 0400 "$file" "%1$s/credentials_${file##*/}"
                done
                """
                        .formatted(CREDENTIALS);
        debian.run("sh", "-ec", give).expect(0);
    }

    private static Daemon serve(DebianRoot debian, Sink sink) throws IOException {
        Daemon postern =
                debian.startAs(
                        "postern",
                        "env",
                        "POSTERN_SMTP_LISTEN=127.0.0.1:0",
                        "POSTERN_HTTP_HEALTH=127.0.0.1:0",
                        "POSTERN_HTTP_ADMIN=127.0.0.1:0",
                        "POSTERN_EGRESS=smtp://127.0.0.1:%d?tls=none".formatted(sink.port()),
                        "/usr/bin/postern",
                        "serve",
                        "--config",
                        "/etc/postern/postern.yaml");
        Await.until(
                "Postern listens",
                () -> {
                    assertTrue(postern.isAlive(), postern::output);
                    return Files.exists(debian.file("/run/postern/endpoint"));
                });
        return postern;
    }

    private void nodemailerSends(DebianRoot debian) throws IOException {
        Matcher smtp =
                Pattern.compile("smtp=127\\.0\\.0\\.1:(\\d+)")
                        .matcher(debian.read("/run/postern/endpoint"));
        assertTrue(smtp.find());
        String program = only("node").text().replace("port: 2525", "port: " + smtp.group(1));
        Path file = Files.writeString(directory.resolve("app.cjs"), program);
        ProcessBuilder node =
                new ProcessBuilder(Programs.NODE.require().toString(), file.toString());
        node.environment().put("NODE_PATH", Programs.NODE_MODULES.require().toString());

        String said = Commands.run(node).expect(0).output();

        assertTrue(said.startsWith("250 2.0.0 Ok: queued as "), said);
    }

    private static Block only(String use) throws IOException {
        List<Block> found = blocks().stream().filter(it -> it.use().equals(use)).toList();
        assertEquals(1, found.size(), use);
        return found.getFirst();
    }

    private static List<Block> blocks() throws IOException {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(Files.readString(PAGE));
        while (matcher.find()) {
            String detail = matcher.group(2) == null ? "" : matcher.group(2);
            blocks.add(new Block(matcher.group(1), detail, matcher.group(3)));
        }
        return blocks;
    }
}
