/// Decides when: takes what is due from the spool, gives each message to the egress that the route
/// names, as many at once as configured, and settles what came of it: done, again later, or given
/// up. It is what Postfix calls the queue manager.
@NullMarked
package dev.postern.dispatch;

import org.jspecify.annotations.NullMarked;
