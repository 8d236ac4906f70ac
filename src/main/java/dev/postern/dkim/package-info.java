/// DKIM: signs what leaves, for receivers who ask the From domain's DNS whether it may (RFC 6376,
/// RFC 8463).
@NullMarked
package dev.postern.dkim;

import org.jspecify.annotations.NullMarked;
