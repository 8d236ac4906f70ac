/// A small client of our own running forwarder: what `send`, `sendmail` and `queue` need to find
/// it, to hand it mail by SMTP, and to ask its admin socket.
@NullMarked
package dev.postern.submit;

import org.jspecify.annotations.NullMarked;
