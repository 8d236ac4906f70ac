/// Submission to another SMTP server (RFC 6409): connections are made, secured, logged in to and
/// reused; a message goes in, an outcome for each of its recipients comes out.
///
/// Jakarta Mail speaks the opening of a session (greeting, EHLO, STARTTLS, AUTH). From MAIL on the
/// octets are written as they are, because its message sending rebuilds headers, re-encodes bodies
/// and hides which recipient was refused with which words.
@NullMarked
package dev.postern.egress.smtp;

import org.jspecify.annotations.NullMarked;
