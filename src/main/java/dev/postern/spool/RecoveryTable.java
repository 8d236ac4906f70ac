package dev.postern.spool;

import java.util.EnumSet;
import java.util.Set;

/// What a start does with each place of the journal where a record should begin: a table, so that
/// every case is decided, and decided once.
///
/// | row | where | head | kind | body | decision |
/// |---|---|---|---|---|---|
/// | A | synced, tail | whole | known | whole | keep |
/// | B | synced, tail | whole | newer | whole | stop: a newer program wrote it |
/// | C | tail | whole | known, newer | damaged, short | cut: a crash cut this write short |
/// | D | tail | damaged, short | - | - | cut: likewise |
/// | E | synced | whole | known, newer | damaged | set aside the record, go on behind it |
/// | F | synced | whole | known, newer | short | set aside the rest: the segment lost its end |
/// | G | synced | damaged | - | - | set aside up to the next whole record |
/// | H | synced | short | - | - | set aside the rest: the segment lost its end |
///
/// *Synced* is what was on disk for certain: all of a segment that another one follows; of the
/// newest segment all after a clean stop, else all below the highest `synced` of its records.
/// *Tail* is the rest of the newest segment; one bad record there ends it, for nothing behind it
/// was ever acknowledged. What lies behind the end that the next segment names is never looked at.
final class RecoveryTable {

    /// Where in the journal.
    enum Where {
        SYNCED,
        TAIL
    }

    /// What the octets of a record's head are.
    enum Head {
        WHOLE,
        DAMAGED,
        /// Fewer are left than a head has.
        SHORT
    }

    /// What a whole head says of the type.
    enum Kind {
        KNOWN,
        NEWER,
        /// There is no whole head.
        NONE
    }

    /// What the octets of the body are.
    enum Body {
        WHOLE,
        DAMAGED,
        /// Fewer are left than the head says.
        SHORT,
        /// There is no whole head.
        NONE
    }

    /// What to do.
    enum Decision {
        KEEP,
        CUT,
        SET_ASIDE,
        STOP
    }

    /// The rows of the table.
    @SuppressWarnings("ImmutableEnumChecker") // Its sets are never changed.
    enum Row {
        A(Decision.KEEP, anywhere(), whole(), EnumSet.of(Kind.KNOWN), EnumSet.of(Body.WHOLE)),
        B(Decision.STOP, anywhere(), whole(), EnumSet.of(Kind.NEWER), EnumSet.of(Body.WHOLE)),
        C(Decision.CUT, at(Where.TAIL), whole(), read(), EnumSet.of(Body.DAMAGED, Body.SHORT)),
        D(Decision.CUT, at(Where.TAIL), bad(), EnumSet.of(Kind.NONE), EnumSet.of(Body.NONE)),
        E(Decision.SET_ASIDE, at(Where.SYNCED), whole(), read(), EnumSet.of(Body.DAMAGED)),
        F(Decision.SET_ASIDE, at(Where.SYNCED), whole(), read(), EnumSet.of(Body.SHORT)),
        G(
                Decision.SET_ASIDE,
                at(Where.SYNCED),
                EnumSet.of(Head.DAMAGED),
                EnumSet.of(Kind.NONE),
                EnumSet.of(Body.NONE)),
        H(
                Decision.SET_ASIDE,
                at(Where.SYNCED),
                EnumSet.of(Head.SHORT),
                EnumSet.of(Kind.NONE),
                EnumSet.of(Body.NONE));

        private final Decision decision;
        private final Set<Where> where;
        private final Set<Head> head;
        private final Set<Kind> kind;
        private final Set<Body> body;

        Row(Decision decision, Set<Where> where, Set<Head> head, Set<Kind> kind, Set<Body> body) {
            this.decision = decision;
            this.where = where;
            this.head = head;
            this.kind = kind;
            this.body = body;
        }

        Decision decision() {
            return decision;
        }

        boolean covers(Place place) {
            return where.contains(place.where())
                    && head.contains(place.head())
                    && kind.contains(place.kind())
                    && body.contains(place.body());
        }
    }

    /// What was found at a place where a record should begin.
    record Place(Where where, Head head, Kind kind, Body body) {

        /// Returns whether such a thing can be: kind and body are known exactly when the head is
        /// whole.
        boolean isPossible() {
            boolean readable = head == Head.WHOLE;
            return readable == (kind != Kind.NONE) && readable == (body != Body.NONE);
        }
    }

    private RecoveryTable() {}

    /// Returns the row for a place.
    static Row row(Place place) {
        assert place.isPossible() : place;
        for (Row row : Row.values()) {
            if (row.covers(place)) {
                return row;
            }
        }
        throw new IllegalStateException("no row for " + place);
    }

    private static Set<Where> at(Where where) {
        return EnumSet.of(where);
    }

    private static Set<Where> anywhere() {
        return EnumSet.allOf(Where.class);
    }

    private static Set<Head> whole() {
        return EnumSet.of(Head.WHOLE);
    }

    private static Set<Head> bad() {
        return EnumSet.of(Head.DAMAGED, Head.SHORT);
    }

    private static Set<Kind> read() {
        return EnumSet.of(Kind.KNOWN, Kind.NEWER);
    }
}
