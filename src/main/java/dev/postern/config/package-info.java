/// The configuration: a record for each stage, and the loader that makes them from defaults, a YAML
/// file and the environment, reporting all problems at once.
@NullMarked
package dev.postern.config;

import org.jspecify.annotations.NullMarked;
