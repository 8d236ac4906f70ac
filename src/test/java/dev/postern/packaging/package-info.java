/// What is shipped: packages, images, the distribution, as a machine takes them.
@NullMarked
package dev.postern.packaging;

import org.jspecify.annotations.NullMarked;
