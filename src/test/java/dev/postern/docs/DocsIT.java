package dev.postern.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.docs.DocBlock.Mark;
import dev.postern.it.StandIn;
import dev.postern.testing.Await;
import dev.postern.testing.Commands;
import dev.postern.testing.Daemon;
import dev.postern.testing.Lab;
import dev.postern.testing.Postern;
import dev.postern.testing.Programs;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What the README and the how-tos show, done as printed: each page by a reader of its own, on a
/// machine where nothing else runs and the providers are played.
@Timeout(300)
class DocsIT {

    private static final Pattern METRIC = Pattern.compile("\\bpostern_[a-z_]+\\b");

    static List<String> pages() throws IOException {
        return DocBlock.pages().stream().filter(DocsTest::isReadHere).toList();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void whatAPageShowsHappens(String page, @TempDir Path directory) throws IOException {
        Stream.of(Programs.PYTHON, Programs.DJANGO, Programs.PHP, Programs.CURL, Programs.MSMTP)
                .forEach(Programs::require);
        try (Lab lab = PlayedInternet.in(directory);
                Reader reader = new Reader(lab, Files.createDirectory(directory.resolve("desk")))) {
            List<DocBlock> blocks = DocBlock.of(page);
            for (int i = 0; i < blocks.size(); i++) {
                reader.follow(blocks.get(i), blocks.get(Math.min(i + 1, blocks.size() - 1)));
            }
        }
    }

    @Test
    void metricsThatArePrintedAreThere(@TempDir Path directory) throws IOException {
        Set<String> named = new TreeSet<>();
        for (String page : DocBlock.pages()) {
            for (DocBlock block : DocBlock.of(page)) {
                METRIC.matcher(block.text()).results().forEach(it -> named.add(it.group()));
            }
        }
        try (StandIn first = StandIn.start("brevo");
                StandIn second = StandIn.start("resend");
                Postern postern =
                        Postern.in(directory)
                                .egress(first.egress("") + second.egress(""))
                                .start()) {
            String metrics = postern.health("/metrics").body();
            named.removeIf(name -> Pattern.compile("(?m)^" + name + "\\b").matcher(metrics).find());
        }
        assertEquals(Set.of(), named);
    }

    /// Somebody who does what a page says.
    private static final class Reader implements AutoCloseable {

        private static final String STARTED = "\"message\":\"started\"";
        private static final String SYSTEM = "/usr/sbin:/usr/bin:/sbin:/bin";

        private final Lab lab;
        private final Path desk;
        private final Postern postern;
        private Daemon server;
        private String output = "";

        Reader(Lab lab, Path desk) throws IOException {
            this.lab = lab;
            this.desk = desk;
            this.postern = Postern.in(desk).javaOptions(lab.javaOptions());
            for (String part : List.of("bin", "conf", "docs")) {
                Files.createSymbolicLink(desk.resolve(part), SourceFile.HOME.resolve(part));
            }
        }

        /// Does what a block says.
        ///
        /// @param next the block after it
        void follow(DocBlock block, DocBlock next) throws IOException {
            switch (block.mark()) {
                case Mark.Run(int status) -> output = run(block, status);
                case Mark.Until() -> repeat(block, next);
                case Mark.Background() -> serve(block);
                case Mark.Output() ->
                        assertTrue(
                                block.shows(output), () -> block.where() + " not so:\n" + output);
                case Mark.Content(String name) ->
                        Files.writeString(desk.resolve(name), block.text());
                case Mark.NotRun(_), Mark.Picture() -> {}
                case Mark.Unknown(String said) ->
                        throw new AssertionError(block.where() + ": " + said);
            }
        }

        private void repeat(DocBlock block, DocBlock wanted) {
            try {
                Await.until(
                        "output of " + block.where(),
                        () -> {
                            output = running(block, 0);
                            return wanted.shows(output);
                        });
            } catch (AssertionError never) {
                throw new AssertionError(never.getMessage() + "\n" + output, never);
            }
        }

        private String running(DocBlock block, int status) {
            try {
                return run(block, status);
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }

        private String run(DocBlock block, int status) throws IOException {
            Commands.Result result = Commands.run(script(block));
            String trouble = server == null ? "" : "\nthe server says:\n" + server.output();
            assertTrue(
                    result.status() == status,
                    () ->
                            block.where()
                                    + " fails:\n"
                                    + result.output()
                                    + result.errors()
                                    + trouble);
            return result.output();
        }

        private void serve(DocBlock block) throws IOException {
            stop();
            server = Daemon.start(script(block));
            Await.until(
                    block.where() + " runs",
                    () -> {
                        assertTrue(server.isAlive(), () -> block.where() + server.output());
                        return server.output().contains(STARTED);
                    });
        }

        private ProcessBuilder script(DocBlock block) {
            ProcessBuilder builder = postern.command("version");
            builder.command(lab.machine().command(List.of("sh", "-euc", block.text())));
            builder.environment().put("PATH", SourceFile.HOME.resolve("bin") + ":" + SYSTEM);
            return builder;
        }

        private void stop() {
            if (server != null) {
                server.close();
            }
        }

        @Override
        public void close() {
            stop();
        }
    }
}
