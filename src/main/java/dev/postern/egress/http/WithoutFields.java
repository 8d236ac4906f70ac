package dev.postern.egress.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;

/// A message's octets without some of its header fields. Nothing of them is kept in memory.
///
/// *Limits.* At most [#GAPS_LIMIT] stretches are left out.
final class WithoutFields {

    static final int GAPS_LIMIT = 1000;

    private final ContentCursor content;

    /// Where the stretches that stay begin and end, one after the other.
    private final List<Long> borders;

    private WithoutFields(ContentCursor content, List<Long> borders) {
        this.content = content;
        this.borders = List.copyOf(borders);
    }

    /// @param unwanted says of a field's name whether it goes
    /// @throws IOException when the content can't be read
    /// @throws BeyondLimit when too much goes
    static WithoutFields of(ContentCursor content, Predicate<String> unwanted)
            throws IOException, BeyondLimit {
        List<Long> borders = new ArrayList<>(List.of(0L));
        Lines lines = new Lines(content.whole());
        boolean drop = false;
        while (lines.next(Fields.NAME_LIMIT_OCTETS + 1) && !lines.isEmpty()) {
            boolean before = drop;
            if (lines.octet(0) != ' ' && lines.octet(0) != '\t') {
                int colon = lines.text(0).indexOf(':');
                drop = colon > 0 && unwanted.test(lines.text(0).substring(0, colon).strip());
            }
            if (drop != before) {
                borders.add(lines.start());
            }
            if (borders.size() > 2 * GAPS_LIMIT) {
                throw new BeyondLimit("more than " + GAPS_LIMIT + " fields to be left out");
            }
        }
        if (drop) {
            borders.add(lines.start());
        }
        borders.add(content.sizeBytes());
        return new WithoutFields(content, borders);
    }

    /// Returns the number of octets that are left.
    long lengthBytes() {
        long length = 0;
        for (int i = 0; i < borders.size(); i += 2) {
            length += borders.get(i + 1) - borders.get(i);
        }
        return length;
    }

    /// Returns what is left, from its start.
    InputStream open() {
        List<InputStream> stretches = new ArrayList<>();
        for (int i = 0; i < borders.size(); i += 2) {
            stretches.add(content.stretch(borders.get(i), borders.get(i + 1)));
        }
        return new SequenceInputStream(Collections.enumeration(stretches));
    }
}
