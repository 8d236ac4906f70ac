/// What the documents print is run as printed.
@NullMarked
package dev.postern.docs;

import org.jspecify.annotations.NullMarked;
