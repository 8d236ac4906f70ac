/// The command line, a command a file. Words as typed go in, an exit status comes out; people are
/// talked to on standard output, and told of what is wrong on standard error, in one line that
/// begins with `postern:`.
@NullMarked
package dev.postern.cli;

import org.jspecify.annotations.NullMarked;
