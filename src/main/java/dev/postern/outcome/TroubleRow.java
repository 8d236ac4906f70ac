package dev.postern.outcome;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// One row of the trouble table.
///
/// @param id names it in logs and documents
/// @param where the stages that it is for, as written
/// @param stages the same, read
/// @param said what must be found in the words, in either letter case
/// @param then the ruling, as written
/// @param ruling the same, read
/// @param words how to put it; `=`: as it was said
/// @param source where the text was seen
/// @param advice what an operator can do; `-`: nothing
record TroubleRow(
        String id,
        String where,
        Set<Stage> stages,
        Pattern said,
        String then,
        Ruling ruling,
        String words,
        String source,
        String advice) {

    private static final int COLUMNS = 7;

    /// Reads a line whose columns are parted by two blanks or more.
    static TroubleRow parse(String line) {
        String[] columns = line.strip().split(" {2,}");
        if (columns.length != COLUMNS) {
            throw new IllegalArgumentException(columns.length + " columns: " + line);
        }
        return new TroubleRow(
                columns[0],
                columns[1],
                stages(columns[1]),
                Pattern.compile(columns[2], Pattern.CASE_INSENSITIVE),
                columns[3],
                Ruling.parse(columns[3]),
                columns[4],
                columns[5],
                columns[6]);
    }

    /// Reads `any`, `login` (before MAIL), `message` (from MAIL on), a stage, a range `rcpt-dot`,
    /// or several.
    private static Set<Stage> stages(String text) {
        EnumSet<Stage> stages = EnumSet.noneOf(Stage.class);
        for (String word : text.split(",")) {
            stages.addAll(
                    switch (word) {
                        case "any" -> EnumSet.allOf(Stage.class);
                        case "login" -> EnumSet.range(Stage.DNS, Stage.AUTH);
                        case "message" -> EnumSet.range(Stage.MAIL, Stage.DOT);
                        default -> range(List.of(word.split("-")));
                    });
        }
        return stages;
    }

    private static Set<Stage> range(List<String> ends) {
        return EnumSet.range(stage(ends.getFirst()), stage(ends.getLast()));
    }

    private static Stage stage(String word) {
        return Stage.valueOf(word.toUpperCase(Locale.ROOT));
    }

    boolean matches(Stage stage, String text) {
        return stages.contains(stage) && said.matcher(text).find();
    }
}
