/// The two HTTP sockets: health and metrics for orchestrators, the page and the API for operators.
/// Views of the stages and the operators' verbs go in; nobody knows this package but the
/// composition root, which hands [dev.postern.admin.Metrics] to whoever has something to count.
@NullMarked
package dev.postern.admin;

import org.jspecify.annotations.NullMarked;
