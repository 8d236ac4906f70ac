/// The whole program, as it is built, beside real servers and clients.
@NullMarked
package dev.postern.it;

import org.jspecify.annotations.NullMarked;
