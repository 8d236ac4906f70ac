package dev.postern.log;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/// Folds what repeats: of each kind of fact the first is told at once, and then, each minute in
/// which it came again, one count with the latest facts (`repeated=279 latest=...`).
///
/// *Contract.* A fact is told, or it is in a count: nothing is lost in silence. Facts that are told
/// each time ([dev.postern.mail.LogMark#EACH]) pass. Of one kind are facts of one logger, level and
/// constant message; pairs tell kinds apart only if they are in [#APART].
///
/// *Limits.* [#KINDS] kinds are known at a time: the oldest goes, and its count is told. Of the
/// latest facts [#VALUE_CHARS] of each value are kept, and no stack.
///
/// *See also.* [LineHandler].
final class Folding {

    /// How long after the first, or after a count, the next count is told.
    static final Duration EVERY = Duration.ofMinutes(1);

    /// Kinds that are known at a time.
    static final int KINDS = 256;

    /// How much of a repeated fact's value is kept until the count is told.
    static final int VALUE_CHARS = 512;

    /// Pairs by which lines with the same message are different news. Their values come from the
    /// configuration or are words of ours: what a client says can't make a new kind.
    static final Set<String> APART =
            Set.of(
                    ("egress fault file instead-of key keys limits problems reason remark"
                                    + " signal state trouble")
                            .split(" "));

    private record Kind(String logger, Level level, String pattern, List<String> apart) {

        static Kind of(Fact fact) {
            List<String> apart = new ArrayList<>();
            for (KeyValuePair pair : fact.pairs()) {
                if (APART.contains(pair.key)) {
                    apart.add(pair.key + "=" + LineFormatter.plain(pair.value, VALUE_CHARS));
                }
            }
            return new Kind(
                    String.valueOf(fact.getLoggerName()), fact.getLevel(), fact.pattern(), apart);
        }

        // Written out: a record's own are made at run time, which the first line would wait for.

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Kind kind
                    && logger.equals(kind.logger)
                    && level.equals(kind.level)
                    && pattern.equals(kind.pattern)
                    && apart.equals(kind.apart);
        }

        @Override
        public int hashCode() {
            return Objects.hash(logger, level, pattern, apart);
        }
    }

    /// What came of one kind since something was told of it.
    private static final class Run {
        private final long begun;
        private long repeated;
        private @Nullable Fact latest;

        Run(long begun) {
            this.begun = begun;
        }

        /// Adds the count, if there is one.
        ///
        /// @return whether there was
        boolean tell(List<Fact> told) {
            if (latest == null) {
                return false;
            }
            told.add(latest.repeated(repeated));
            return true;
        }
    }

    /// In the order in which they are due.
    private final SequencedMap<Kind, Run> runs = new LinkedHashMap<>();

    private boolean ended;

    /// Takes a fact in.
    ///
    /// @param now in nanoseconds, as `System.nanoTime` has them
    /// @return what is to be told now, in this order
    synchronized List<Fact> take(Fact fact, long now) {
        List<Fact> told = due(now);
        if (fact.each() || ended) {
            told.add(fact);
            return told;
        }
        Kind kind = Kind.of(fact);
        Run run = runs.get(kind);
        if (run != null) {
            run.repeated++;
            run.latest = fact.kept(VALUE_CHARS);
            return told;
        }
        if (runs.size() == KINDS) {
            runs.pollFirstEntry().getValue().tell(told);
        }
        runs.put(kind, new Run(now));
        told.add(fact);
        return told;
    }

    /// Returns the counts that are due, for the caller to add to.
    synchronized List<Fact> due(long now) {
        List<Fact> told = new ArrayList<>();
        while (nanosUntilDue(now) <= 0) {
            Map.Entry<Kind, Run> first = runs.pollFirstEntry();
            if (first.getValue().tell(told)) {
                runs.put(first.getKey(), new Run(now));
            }
        }
        return told;
    }

    /// Returns how long nothing is due unless something is taken in.
    synchronized long nanosUntilDue(long now) {
        Map.Entry<Kind, Run> first = runs.firstEntry();
        return first == null ? Long.MAX_VALUE : EVERY.toNanos() - (now - first.getValue().begun);
    }

    /// Returns all counts. What comes after is told each time, since there may be no later.
    synchronized List<Fact> end() {
        List<Fact> told = new ArrayList<>();
        runs.values().forEach(run -> run.tell(told));
        runs.clear();
        ended = true;
        return told;
    }
}
