package dev.postern.mail;

import java.io.IOException;
import java.io.InputStream;

/// The content of a message, header section and body, as it goes out: every line ends in CRLF, no
/// bare CR or LF, not dot-stuffed. It is read from where it is stored; it is never whole in memory.
public interface MessageContent {

    /// Returns the number of octets that [#open()] yields.
    long sizeBytes();

    /// Returns what is known of the octets without reading them again.
    ContentTraits traits();

    /// Opens the content at its start. May be called several times; each stream is for one thread.
    ///
    /// @throws IOException when the store can't be read
    InputStream open() throws IOException;
}
