package dev.postern.egress.http;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/// What of a message an API can't carry, each thing once, for the operator's eyes.
///
/// *Limits.* At most [#LIMIT] things, each in [#LIMIT_CHARACTERS]; that there are more is said.
final class NotCarried {

    private static final int LIMIT = 100;
    private static final int LIMIT_CHARACTERS = 200;
    private static final String MORE = "and more";

    private final SequencedSet<String> named = new LinkedHashSet<>();
    private boolean more;

    /// Notes something.
    void add(String what) {
        String some = cut(what);
        if (named.size() < LIMIT) {
            named.add(some);
        } else {
            more |= !named.contains(some);
        }
    }

    /// Notes what must not be missing, however much there is.
    void addFirst(String what) {
        named.addFirst(cut(what));
    }

    /// Notes several things.
    void addAll(Collection<String> all) {
        all.forEach(this::add);
    }

    private static String cut(String what) {
        return what.length() <= LIMIT_CHARACTERS
                ? what
                : what.substring(0, LIMIT_CHARACTERS - 1) + "…";
    }

    /// Returns all of it, in the order in which it was noted.
    List<String> all() {
        List<String> all = new ArrayList<>(named);
        if (more) {
            all.add(MORE);
        }
        return List.copyOf(all);
    }
}
