/// The app as a child of this process: started, told of signals, waited for; and the work of a
/// container's first process.
@NullMarked
package dev.postern.exec;

import org.jspecify.annotations.NullMarked;
