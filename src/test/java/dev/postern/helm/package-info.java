/// The chart as Helm renders it, held against what Kubernetes and Postern accept.
@NullMarked
package dev.postern.helm;

import org.jspecify.annotations.NullMarked;
