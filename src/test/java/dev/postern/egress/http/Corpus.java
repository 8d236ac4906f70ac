package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Messages to try everything with: those of [MadeMail], as files.
final class Corpus {

    private static final Path MADE =
            Path.of(System.getProperty("postern.home", "."), "target", "made-mail");

    private Corpus() {}

    /// Returns how a message is named in what is printed: by its last two folders.
    static String name(Path file) {
        Path folder = file.getParent();
        return folder.getFileName() + "/" + file.getFileName();
    }

    /// Returns the messages.
    static List<Path> messages() throws IOException {
        List<Path> messages = new ArrayList<>();
        Files.createDirectories(MADE);
        for (MadeMail one : MadeMail.all()) {
            Path file = MADE.resolve("%03d.eml".formatted(messages.size() + 1));
            messages.add(Files.write(file, one.octets()));
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
