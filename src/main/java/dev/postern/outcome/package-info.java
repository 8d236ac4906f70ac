/// What became of an attempt: the six outcome classes, and the one table that decides which class a
/// trouble is. An egress's reply or failure goes in, an [dev.postern.outcome.Outcome] comes out.
@NullMarked
package dev.postern.outcome;

import org.jspecify.annotations.NullMarked;
