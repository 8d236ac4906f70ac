/// The words of mail that every stage shares: envelopes, paths, queue ids, message content and the
/// states of recipients. No I/O of its own; it imports no other package of the project.
@NullMarked
package dev.postern.mail;

import org.jspecify.annotations.NullMarked;
