package dev.postern.listener;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.ForwardPath;
import dev.postern.spool.SpoolException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every `dialogs/**.dialog` is a transcript that a listener must follow, once with its lines
/// written as they stand together, once octet by octet.
///
/// | line            | means |
/// |---|---|
/// | `# text`        | why |
/// | `set NAME TEXT` | a setting of the configuration (see [Door]); before the first line |
/// | `spool TEXT`    | what the spool does from now on: `full`, `fine`, `commit-broken` |
/// | `once`          | not octet by octet |
/// | `C: text`       | the client's line; lines without a reply between them are one write |
/// | `C\ text`       | octets of the client, `\r \n \\ \xNN`, no CRLF added |
/// | `S: text`       | the server's next line |
/// | `S~ regex`      | the same, as a pattern |
/// | `S.`            | the server closes |
/// | `TLS`           | the client's handshake |
/// | `envelope TEXT` | the last stored message's: `<sender> <recipient> <recipient>` |
/// | `content REGEX` | is found in the last stored message; `absent REGEX` is not |
/// | `stored N`      | how many messages were stored |
/// | `rejected WORD` | the last rejection that was counted |
/// | `counted N`     | how many rejections were counted |
class DialogTest {

    @TestFactory
    Stream<DynamicTest> dialogs() throws IOException, URISyntaxException {
        Path home = Path.of(DialogTest.class.getResource("/dialogs").toURI());
        List<DynamicTest> tests = new ArrayList<>();
        try (Stream<Path> files = Files.walk(home)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".dialog")).sorted().toList()) {
                String name = home.relativize(file).toString();
                List<String> lines = Files.readAllLines(file, UTF_8);
                tests.add(DynamicTest.dynamicTest(name, () -> play(lines, false)));
                if (!lines.contains("once")) {
                    tests.add(
                            DynamicTest.dynamicTest(name + " by octets", () -> play(lines, true)));
                }
            }
        }
        return tests.stream();
    }

    private static void play(List<String> lines, boolean byOctets) throws IOException {
        Player player = new Player(byOctets);
        try (player.door) {
            for (int i = 0; i < lines.size(); i++) {
                try {
                    player.step(lines.get(i));
                } catch (IOException | AssertionError | RuntimeException trouble) {
                    throw new AssertionError("line " + (i + 1) + ": " + lines.get(i), trouble);
                }
            }
            player.end();
        }
    }

    private static final class Player {
        final Door door = new Door();
        private final boolean byOctets;
        private final StringBuilder pending = new StringBuilder();
        private Client client;

        Player(boolean byOctets) {
            this.byOctets = byOctets;
        }

        void step(String line) throws IOException {
            if (line.isBlank() || line.startsWith("#") || line.equals("once")) {
                return;
            }
            String word = line.split(" ", 2)[0];
            String rest = line.length() > word.length() ? line.substring(word.length() + 1) : "";
            switch (word) {
                case "set" -> door.set(rest.split(" ", 2)[0], rest.split(" ", 2)[1]);
                case "spool" -> spool(rest);
                case "C:" -> pending.append(octets(rest)).append("\r\n");
                case "C\\" -> pending.append(unescape(octets(rest)));
                case "S:" -> assertEquals(octets(rest), next());
                case "S~" -> {
                    String said = next();
                    assertTrue(said != null && said.matches(rest), said);
                }
                case "S." -> {
                    flush();
                    assertEquals(List.of(), client().rest());
                }
                case "TLS" -> {
                    flush();
                    client().startTls();
                }
                case "envelope" -> assertEquals(rest, envelope(last()));
                case "content" -> found(rest, last().text());
                case "absent" ->
                        assertTrue(
                                !Pattern.compile(rest).matcher(last().text()).find(),
                                last().text());
                case "stored" -> assertEquals(Integer.parseInt(rest), door.spool.stored.size());
                case "counted" ->
                        assertEquals(Integer.parseInt(rest), door.counters.rejections.size());
                case "rejected" -> assertEquals(rest, door.counters.rejections.getLast().word());
                default -> throw new IllegalArgumentException("no such step");
            }
        }

        void end() throws IOException {
            flush();
            if (client != null) {
                client.close();
            }
        }

        private void spool(String how) {
            String[] words = how.split("-");
            SpoolException.Kind kind =
                    words[words.length - 1].equals("fine")
                            ? null
                            : SpoolException.Kind.valueOf(
                                    words[words.length - 1].toUpperCase(Locale.ROOT));
            if (words.length == 1) {
                door.spool.receiveTrouble = kind;
            } else {
                door.spool.commitTrouble = kind;
            }
        }

        private Client client() throws IOException {
            if (client == null) {
                client = new Client(door.open().address());
            }
            return client;
        }

        private String next() throws IOException {
            client();
            flush();
            return client().line();
        }

        private void flush() throws IOException {
            String octets = pending.toString();
            pending.setLength(0);
            if (octets.isEmpty()) {
                return;
            }
            if (byOctets) {
                for (int i = 0; i < octets.length(); i++) {
                    client().send(octets.substring(i, i + 1));
                }
            } else {
                client().send(octets);
            }
        }

        private MemorySpool.Stored last() {
            return door.spool.stored.getLast();
        }

        private static void found(String regex, String text) {
            assertTrue(Pattern.compile(regex).matcher(text).find(), text);
        }

        private static String envelope(MemorySpool.Stored message) {
            return "<"
                    + message.acceptance().envelope().sender()
                    + "> "
                    + message.acceptance().envelope().recipients().stream()
                            .map(ForwardPath::address)
                            .map(address -> "<" + address + ">")
                            .collect(Collectors.joining(" "));
        }

        /// The octets of a line's UTF-8, one a character.
        private static String octets(String text) {
            return new String(text.getBytes(UTF_8), StandardCharsets.ISO_8859_1);
        }

        private static String unescape(String text) {
            StringBuilder plain = new StringBuilder();
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                if (c != '\\') {
                    plain.append(c);
                    continue;
                }
                char kind = text.charAt(++i);
                switch (kind) {
                    case 'r' -> plain.append('\r');
                    case 'n' -> plain.append('\n');
                    case 't' -> plain.append('\t');
                    case '\\' -> plain.append('\\');
                    case 'x' -> {
                        plain.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
                        i += 2;
                    }
                    default -> throw new IllegalArgumentException("\\" + kind);
                }
            }
            return plain.toString();
        }
    }
}
