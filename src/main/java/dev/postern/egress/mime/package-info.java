/// The one reading of MIME (RFC 2045, RFC 2046, RFC 2047): a message's content goes in; its header
/// fields, its texts and its attachments come out, whatever it breaks, within
/// [dev.postern.egress.mime.ReadingBudget].
@NullMarked
package dev.postern.egress.mime;

import org.jspecify.annotations.NullMarked;
