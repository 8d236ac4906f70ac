package dev.postern.config.load;

/// Where a value comes from, as problems and `config show` name it.
public sealed interface Source {

    /// Built in.
    ///
    /// @param why what decided it; empty: nothing but the key
    record Default(String why) implements Source {
        @Override
        public String toString() {
            return why.isEmpty() ? "default" : "default: " + why;
        }
    }

    /// What is known of a provider ([dev.postern.config.Preset]).
    ///
    /// @param host the server's name
    record OfProvider(String host) implements Source {
        @Override
        public String toString() {
            return "preset " + host;
        }
    }

    /// A place in the configuration file.
    ///
    /// @param file its name as it was given
    /// @param line counted from 1
    /// @param column counted from 1
    record InFile(String file, int line, int column) implements Source {
        @Override
        public String toString() {
            return file + ":" + line + ":" + column;
        }
    }

    /// The configuration file as a whole.
    record WholeFile(String file) implements Source {
        @Override
        public String toString() {
            return file;
        }
    }

    /// An environment variable.
    record Variable(String name) implements Source {
        @Override
        public String toString() {
            return name;
        }
    }

    /// A URL of `POSTERN_EGRESS`. Nothing of its text is ever echoed: any part of it may be a
    /// secret that was not percent-encoded.
    ///
    /// @param variable the variable that holds the list
    /// @param ordinal which URL of the list, counted from 1
    record InUrl(String variable, int ordinal) implements Source {
        @Override
        public String toString() {
            return variable + " URL " + ordinal;
        }
    }
}
