package dev.postern.outcome;

import dev.postern.config.TableFile;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// One row of the trouble table.
///
/// @param id names it in logs and documents
/// @param types whose answers it is for; empty: those of all egresses that the table is for
/// @param where the stages that it is for, as written
/// @param stages the same, read
/// @param said what must be found in the words, in either letter case
/// @param then the disposition, as written
/// @param disposition the same, read
/// @param words how to put it; `=`: as it was said
/// @param source where the text was seen
/// @param advice what an operator can do; `-`: nothing
record TroubleRow(
        String id,
        Set<String> types,
        String where,
        Set<Stage> stages,
        Pattern said,
        String then,
        Disposition disposition,
        String words,
        String source,
        String advice) {

    private static final int COLUMNS = 7;
    private static final String ANY = "any";

    /// Reads a line of the table for SMTP.
    static TroubleRow ofSmtp(String line) {
        return parse(line, false);
    }

    /// Reads a line of the table for APIs, which has one more column: whose answers it is for.
    static TroubleRow ofApi(String line) {
        return parse(line, true);
    }

    private static TroubleRow parse(String line, boolean hasTypes) {
        List<String> columns =
                new ArrayList<>(TableFile.columns(line, hasTypes ? COLUMNS + 1 : COLUMNS));
        String types = hasTypes ? columns.remove(1) : ANY;
        return new TroubleRow(
                columns.get(0),
                types.equals(ANY) ? Set.of() : Set.of(types.split(",")),
                columns.get(1),
                stages(columns.get(1)),
                Pattern.compile(columns.get(2), Pattern.CASE_INSENSITIVE),
                columns.get(3),
                Disposition.parse(columns.get(3)),
                columns.get(4),
                columns.get(5),
                columns.get(6));
    }

    /// Reads `any`, `login` (before MAIL), `message` (from MAIL on), a stage, a range `rcpt-dot`,
    /// or several.
    private static Set<Stage> stages(String text) {
        EnumSet<Stage> stages = EnumSet.noneOf(Stage.class);
        for (String word : text.split(",")) {
            stages.addAll(
                    switch (word) {
                        case ANY -> EnumSet.allOf(Stage.class);
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

    boolean matches(String type, Stage stage, String text) {
        return (types.isEmpty() || types.contains(type))
                && stages.contains(stage)
                && said.matcher(text).find();
    }
}
