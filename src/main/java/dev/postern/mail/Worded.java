package dev.postern.mail;

import java.util.Locale;

/// An enum whose constants users see as words: `SPOOL_FULL` as `spool-full`.
public interface Worded {

    /// Returns the constant's name, as every enum has it.
    String name();

    /// Returns the word that users see.
    default String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
