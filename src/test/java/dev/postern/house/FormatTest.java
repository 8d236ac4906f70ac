package dev.postern.house;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.JavaFormatterOptions.Style;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Every source file is formatted by google-java-format in its AOSP style, as Spotless does it.
///
/// `mvn -q test -Dtest=FormatTest -Dformat=apply` rewrites what is not. Between the marks
/// `spotless:off` and `spotless:on` a file is left alone, for tables whose columns are aligned.
class FormatTest {

    private static final Pattern LEFT_ALONE = Pattern.compile("(?s)spotless:off.*?spotless:on");
    private static final Formatter FORMATTER =
            new Formatter(JavaFormatterOptions.builder().style(Style.AOSP).build());

    @Test
    void everySourceFileIsFormatted() throws IOException {
        boolean apply = System.getProperty("format", "").equals("apply");
        List<String> unformatted = new ArrayList<>();
        for (SourceFile file : SourceFile.all()) {
            String wanted = formatted(file);
            if (wanted.equals(file.text())) {
                continue;
            }
            if (apply) {
                Files.writeString(file.path(), wanted);
            } else {
                unformatted.add(file.name() + ":" + firstDifference(file.text(), wanted));
            }
        }
        assertEquals(
                List.of(), unformatted, "run mvn -q test -Dtest=FormatTest -Dformat=apply; not so");
    }

    @Test
    void aMarkedTableIsLeftAlone() {
        String source =
                """
                class Table {
                    // spotless:off
                    int a   = 1;
                    int bcd = 2;
                    // spotless:on
                    int   c  = 3;
                }
                """;
        SourceFile file = new SourceFile(Path.of("Table.java"), "Table.java", source);
        assertEquals(source.replace("int   c  = 3", "int c = 3"), formatted(file));
    }

    private static String formatted(SourceFile file) {
        try {
            String text = FORMATTER.formatSource(file.text());
            text = RemoveUnusedImports.removeUnusedImports(text);
            text = ImportOrderer.reorderImports(text, Style.GOOGLE);
            return withPartsLeftAlone(file.text(), text);
        } catch (FormatterException trouble) {
            throw new AssertionError(file.name() + " can't be formatted: " + trouble, trouble);
        }
    }

    private static String withPartsLeftAlone(String before, String after) {
        List<String> parts = LEFT_ALONE.matcher(before).results().map(MatchResult::group).toList();
        int[] next = {0};
        return LEFT_ALONE
                .matcher(after)
                .replaceAll(_ -> Matcher.quoteReplacement(parts.get(next[0]++)));
    }

    private static int firstDifference(String before, String after) {
        List<String> left = before.lines().toList();
        List<String> right = after.lines().toList();
        int line = 0;
        while (line < left.size()
                && line < right.size()
                && left.get(line).equals(right.get(line))) {
            line++;
        }
        return line + 1;
    }
}
