/// Loads the configuration: the table of keys, and what makes the records of it from defaults, a
/// YAML file and the environment, reporting all problems at once.
@NullMarked
package dev.postern.config.load;

import org.jspecify.annotations.NullMarked;
