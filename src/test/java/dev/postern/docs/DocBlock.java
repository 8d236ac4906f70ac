package dev.postern.docs;

import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A fenced block of a page, and what the comment on the line before it says of it:
///
/// | comment | meaning |
/// | --- | --- |
/// | `run` | a script that ends with status 0 |
/// | `run: status N` | a script that ends with another |
/// | `run: until` | a script that is repeated until it prints the output that comes next |
/// | `run: in the background` | a server; one that the page started before is stopped first |
/// | `output` | what the script before it prints; `…` stands for anything, alone for any lines |
/// | `file: NAME` | the content of a file beside the page's commands |
/// | `picture` | a drawing |
/// | `not run: needs WHAT` | what no test has |
///
/// @param page the page's name below the checkout
/// @param line where the block begins
/// @param language what stands behind the fence
record DocBlock(String page, int line, String language, Mark mark, String text) {

    private static final Pattern FENCE = Pattern.compile("\\s*```([\\w-]*)\\s*");
    private static final Pattern COMMENT = Pattern.compile("\\s*<!-- (.*?) -->\\s*");
    private static final String FILE = "file: ";
    private static final String STATUS = "run: status ";
    private static final String NOT_RUN = "not run: needs ";

    /// What a comment says.
    sealed interface Mark {
        record Run(int status) implements Mark {}

        record Until() implements Mark {}

        record Background() implements Mark {}

        record Output() implements Mark {}

        record Content(String file) implements Mark {}

        record NotRun(String needs) implements Mark {}

        record Picture() implements Mark {}

        record Unknown(String comment) implements Mark {}
    }

    /// Returns the pages whose blocks are marked: the README and the how-tos.
    static List<String> pages() throws IOException {
        Path howto = SourceFile.HOME.resolve("docs/howto");
        try (Stream<Path> files = Files.walk(howto)) {
            return Stream.concat(Stream.of(SourceFile.HOME.resolve("README.md")), files)
                    .filter(file -> file.toString().endsWith(".md"))
                    .map(file -> SourceFile.HOME.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    /// Returns the blocks of a page, in its order.
    static List<DocBlock> of(String page) throws IOException {
        List<String> lines = SourceFile.read(SourceFile.HOME.resolve(page)).lines();
        List<DocBlock> blocks = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            Matcher fence = FENCE.matcher(lines.get(i));
            if (!fence.matches()) {
                continue;
            }
            int begin = i;
            int end = begin + 1;
            while (!lines.get(end).strip().equals("```")) {
                end++;
            }
            String text = String.join("\n", lines.subList(begin + 1, end)).stripIndent() + "\n";
            String before = begin == 0 ? "" : lines.get(begin - 1);
            blocks.add(new DocBlock(page, begin + 1, fence.group(1), mark(before), text));
            i = end;
        }
        return blocks;
    }

    private static Mark mark(String before) {
        Matcher comment = COMMENT.matcher(before);
        String said = comment.matches() ? comment.group(1) : "";
        if (said.startsWith(FILE)) {
            return new Mark.Content(said.substring(FILE.length()));
        }
        if (said.startsWith(STATUS)) {
            return new Mark.Run(Integer.parseInt(said.substring(STATUS.length())));
        }
        if (said.startsWith(NOT_RUN)) {
            return new Mark.NotRun(said.substring(NOT_RUN.length()));
        }
        return switch (said) {
            case "run" -> new Mark.Run(0);
            case "run: until" -> new Mark.Until();
            case "run: in the background" -> new Mark.Background();
            case "output" -> new Mark.Output();
            case "picture" -> new Mark.Picture();
            default -> new Mark.Unknown(said);
        };
    }

    /// Returns the page and the line, as editors understand it.
    String where() {
        return page + ":" + line;
    }

    /// Returns whether text is what this block shows, read as the output of a command.
    boolean shows(String output) {
        StringBuilder pattern = new StringBuilder();
        for (String shown : text.lines().toList()) {
            if (shown.strip().equals("…")) {
                pattern.append("(?:.*\n)*?");
            } else {
                String[] parts = shown.stripTrailing().split("…", -1);
                List<String> quoted = Stream.of(parts).map(Pattern::quote).toList();
                pattern.append(String.join(".*", quoted)).append("[ \t]*\n");
            }
        }
        return Pattern.matches(pattern.toString(), output);
    }
}
