package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.testing.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Real messages, which lie beside the checkout where there are any.
final class Corpus {

    private static final List<String> FOLDERS =
            List.of(
                    "enmime/testdata/mail",
                    "enmime/testdata/low-quality",
                    "enmime/testdata/parts",
                    "ruby-mail/spec/fixtures/emails",
                    "stalwart-mail-parser/resources/eml",
                    "zbateson/tests/_data/emails");

    private Corpus() {}

    /// Returns the directory; without it the test is skipped.
    static Path require() {
        Path corpus = shared("corpus/mime");
        Programs.needs(
                Files.isDirectory(corpus),
                "corpus not found: put the messages into ../shared/corpus beside the checkout");
        return corpus;
    }

    /// Returns where something lies beside the checkout, or would.
    static Path shared(String what) {
        Path home = Path.of(System.getProperty("postern.home", ".")).toAbsolutePath().normalize();
        Path beside = home.resolve("../shared").resolve(what).normalize();
        return Files.exists(beside)
                ? beside
                : home.resolve("../../shared").resolve(what).normalize();
    }

    /// Returns how a message is named in what is printed: by its last two folders.
    static String name(Path file) {
        Path folder = file.getParent();
        return folder.getFileName() + "/" + file.getFileName();
    }

    /// Returns the messages of the corpus.
    static List<Path> messages() throws IOException {
        Path corpus = require();
        List<Path> messages = new ArrayList<>();
        for (String folder : FOLDERS) {
            try (Stream<Path> files = Files.walk(corpus.resolve(folder))) {
                files.filter(Files::isRegularFile)
                        .filter(file -> file.toString().matches(".*\\.(eml|txt|raw)"))
                        .filter(file -> !file.toString().contains("/files/"))
                        .sorted()
                        .forEach(messages::add);
            }
        }
        return messages;
    }

    /// Returns a message as the listener makes it: CRLF only.
    static byte[] octets(Path file) throws IOException {
        String raw = new String(Files.readAllBytes(file), ISO_8859_1);
        String lines = raw.replace("\r\n", "\n").replace('\r', ' ').replace("\n", "\r\n");
        return (lines.endsWith("\r\n") ? lines : lines + "\r\n").getBytes(ISO_8859_1);
    }
}
