/// The durable store of messages: an append-only journal on disk, and what can be asked of it.
/// Message octets and envelopes go in through an [dev.postern.spool.Intakes.Intake]; claims of what
/// is due, views for operators and the octets come out. No caller knows of files or segments.
@NullMarked
package dev.postern.spool;

import org.jspecify.annotations.NullMarked;
