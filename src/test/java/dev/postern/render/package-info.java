/// Render's blueprints, held against Render's schema and Postern's own configuration.
@NullMarked
package dev.postern.render;

import org.jspecify.annotations.NullMarked;
