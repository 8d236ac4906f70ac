/// The reception of a message, by whatever way it comes: what the SMTP listener and HTTP's `POST
/// /messages` share. Envelope and content go in; a message that is safe comes out, in the spool or,
/// under `acknowledge: sent`, in the hands of an egress, and the reply that says so.
@NullMarked
package dev.postern.reception;

import org.jspecify.annotations.NullMarked;
