package dev.postern.config;

import java.io.IOException;
import java.nio.file.Path;

/// Reads files for the loader, so that tests need none.
@FunctionalInterface
public interface TextReader {

    /// Returns the text of a UTF-8 file.
    ///
    /// @throws java.nio.charset.CharacterCodingException when it is not UTF-8
    /// @throws java.nio.file.NoSuchFileException when there is none
    /// @throws IOException when it can't be read
    String read(Path file) throws IOException;
}
