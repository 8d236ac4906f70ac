package dev.postern.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// What a command talks through.
///
/// @param in standard input
/// @param out standard output
/// @param err standard error
public record Terminal(InputStream in, PrintStream out, PrintStream err) {

    private static final String NAME = "postern: ";

    /// Returns the process's own, in UTF-8 whatever the locale.
    public static Terminal ofProcess() {
        return new Terminal(
                new FileInputStream(FileDescriptor.in),
                print(new FileOutputStream(FileDescriptor.out)),
                print(new FileOutputStream(FileDescriptor.err)));
    }

    /// Tells a person that something is wrong: one line, and nothing in it can be a control
    /// sequence.
    public void complain(String line) {
        err.println(NAME + printable(line));
    }

    /// Tells a person something; several lines are kept.
    void say(String line) {
        out.println(printable(line));
    }

    /// What comes from mail or from afar must not steer the terminal.
    static String printable(String text) {
        return text.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029]+", " ").stripTrailing();
    }

    private static PrintStream print(OutputStream target) {
        return new PrintStream(target, true, StandardCharsets.UTF_8);
    }
}
