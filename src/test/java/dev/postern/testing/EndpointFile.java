package dev.postern.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The file in which `serve` says where it really listens.
public final class EndpointFile {

    /// The names of the sockets.
    public static final String SMTP = "smtp";

    public static final String HEALTH = "health";
    public static final String ADMIN = "admin";

    static final Set<String> NAMES = Set.of(SMTP, HEALTH, ADMIN);

    private static final Pattern LINE =
            Pattern.compile("^(\\w+)\\s*[=: ]\\s*127\\.0\\.0\\.1:(\\d+)\\b.*$");

    private EndpointFile() {}

    /// Returns the ports by name; empty while there is no file.
    static Map<String, Integer> ports(Path file) {
        Map<String, Integer> ports = new HashMap<>();
        try {
            for (String line : Files.readAllLines(file)) {
                Matcher match = LINE.matcher(line);
                if (match.matches()) {
                    ports.put(match.group(1), Integer.valueOf(match.group(2)));
                }
            }
        } catch (NoSuchFileException notYet) {
            return Map.of();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return ports;
    }
}
