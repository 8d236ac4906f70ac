/// The diagnosis: which ways out of this machine work, why the others do not, and what to do. The
/// configuration goes in, a [Report] comes out. No mail is ever sent, and credentials go only where
/// an egress's own probe takes them.
@NullMarked
package dev.postern.doctor;

import org.jspecify.annotations.NullMarked;
