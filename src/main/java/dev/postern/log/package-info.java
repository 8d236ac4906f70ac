/// The log: facts with their pairs go in by SLF4J (or, from third parties, by `java.util.logging`
/// and `System.Logger`), lines of text or JSON come out. Only the command line sets it up; every
/// other package knows `org.slf4j` alone.
///
/// SLF4J's own binding to `java.util.logging` forgets the pairs of the fluent API, so the binding
/// is ours.
@NullMarked
package dev.postern.log;

import org.jspecify.annotations.NullMarked;
