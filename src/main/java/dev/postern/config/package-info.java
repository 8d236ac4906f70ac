/// The configuration: a record for each section, and what their values are made of. Nothing of it
/// is read here; [dev.postern.config.load] does that.
@NullMarked
package dev.postern.config;

import org.jspecify.annotations.NullMarked;
