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

    /// What intake learned of a message's octets, for choosing how it can travel.
    ///
    /// @param eightBit an octet above 127 is in it: the hop must offer 8BITMIME (RFC 6152 §3)
    /// @param eightBitHeader such an octet is in the header section: the message is
    ///   internationalised, and the hop should offer SMTPUTF8 (RFC 6532 §3)
    /// @param longestLineOctets the longest line without its CRLF; above 998 some servers refuse it
    ///   (RFC 5321 §4.5.3.1.6)
    public record ContentTraits(boolean eightBit, boolean eightBitHeader, int longestLineOctets) {}
}
