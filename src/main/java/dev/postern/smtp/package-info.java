/// The words of SMTP: commands, replies and message content, as values and as the octets that carry
/// them. Octets go in and values come out, or the other way round; nothing here does I/O, keeps
/// time or logs.
@NullMarked
package dev.postern.smtp;

import org.jspecify.annotations.NullMarked;
