/// The app as a child of this process: started, told of signals, waited for; the work of a
/// container's first process; and the app's own mail settings, adopted.
@NullMarked
package dev.postern.exec;

import org.jspecify.annotations.NullMarked;
