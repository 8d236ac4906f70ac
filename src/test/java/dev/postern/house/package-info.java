/// The measures of the sources: who knows whom, sizes, names, layout of text.
@NullMarked
package dev.postern.house;

import org.jspecify.annotations.NullMarked;
