package dev.postern.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;

/// A table among the program's resources: a row a line, its columns parted by two blanks or more.
/// Lines that are blank or begin with `#` are none.
///
/// A table that can't be read is our mistake: it fails where it is loaded.
public final class TableFile {

    private TableFile() {}

    /// Returns the rows of a table, in order.
    ///
    /// @param owner the class that it stands beside
    /// @param name of the file
    /// @param reading makes a row of a line
    public static <T> List<T> rows(Class<?> owner, String name, Function<String, T> reading) {
        return text(owner, name)
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(reading)
                .toList();
    }

    /// Returns a whole file among the program's resources.
    ///
    /// @param owner the class that it stands beside
    public static String text(Class<?> owner, String name) {
        try (InputStream in = owner.getResourceAsStream(name)) {
            if (in == null) {
                throw new AssertionError(name + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Returns the columns of a row.
    ///
    /// @throws IllegalArgumentException when it has another number of them
    public static List<String> columns(String line, int count) {
        List<String> columns = List.of(line.strip().split(" {2,}"));
        if (columns.size() != count) {
            throw new IllegalArgumentException(columns.size() + " columns: " + line);
        }
        return columns;
    }
}
