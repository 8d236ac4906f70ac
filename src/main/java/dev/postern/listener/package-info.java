/// The front door: the SMTP listener that apps talk to (RFC 5321, RFC 6409). Connections come in;
/// messages go out into the spool, each with its envelope, and every one of them is answered only
/// when it is safe. Nothing here blocks an event loop.
@NullMarked
package dev.postern.listener;

import org.jspecify.annotations.NullMarked;
