package dev.postern.mail;

/// What intake learned of a message's octets, for choosing how it can travel.
///
/// @param eightBit an octet above 127 is in it: the hop must offer 8BITMIME (RFC 6152 §3)
/// @param eightBitHeader such an octet is in the header section: the message is internationalised,
///   and the hop should offer SMTPUTF8 (RFC 6532 §3)
/// @param longestLineOctets the longest line without its CRLF; above 998 some servers refuse it
///   (RFC 5321 §4.5.3.1.6)
public record ContentTraits(boolean eightBit, boolean eightBitHeader, int longestLineOctets) {}
