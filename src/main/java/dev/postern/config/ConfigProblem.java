package dev.postern.config;

/// One thing that is wrong with the configuration.
///
/// @param source where it stands
/// @param path the key; empty where none is concerned
/// @param what what is wrong
/// @param remedy what to do; empty when `what` says it
public record ConfigProblem(Source source, String path, String what, String remedy) {

    /// Returns the whole as one line.
    @Override
    public String toString() {
        String key = path.isEmpty() ? "" : path + ": ";
        String end = remedy.isEmpty() ? "" : "; " + remedy;
        return source + ": " + key + what + end;
    }
}
