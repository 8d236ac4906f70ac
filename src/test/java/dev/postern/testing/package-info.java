/// What tests share: seeded randomness, and the programs that some of them talk to.
@NullMarked
package dev.postern.testing;

import org.jspecify.annotations.NullMarked;
