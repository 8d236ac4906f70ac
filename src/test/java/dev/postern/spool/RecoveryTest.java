package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RecoveryTest {

    private static Stream<Recovery.Place> places() {
        return Stream.of(Recovery.Where.values())
                .flatMap(where ->
                        Stream.of(Recovery.Head.values()).flatMap(head -> places(where, head)));
    }

    private static Stream<Recovery.Place> places(Recovery.Where where, Recovery.Head head) {
        return Stream.of(Recovery.Kind.values())
                .flatMap(kind ->
                        Stream.of(Recovery.Body.values())
                                .map(body -> new Recovery.Place(where, head, kind, body)));
    }

    @Test
    void everyPossiblePlaceHasExactlyOneRow() {
        List<Recovery.Place> possible = places().filter(Recovery.Place::isPossible).toList();
        assertEquals(2 * (2 * 3 + 2), possible.size());
        Set<Recovery.Row> used = EnumSet.noneOf(Recovery.Row.class);
        for (Recovery.Place place : possible) {
            List<Recovery.Row> rows =
                    Stream.of(Recovery.Row.values()).filter(row -> row.covers(place)).toList();
            assertEquals(1, rows.size(), place + " has rows " + rows);
            assertEquals(rows.getFirst(), Recovery.row(place));
            used.add(rows.getFirst());
        }
        assertEquals(EnumSet.allOf(Recovery.Row.class), used);
    }

    @Test
    void onlyTheTailIsCutAndOnlyWholeRecordsAreKept() {
        places().filter(Recovery.Place::isPossible).forEach(RecoveryTest::isSafe);
    }

    private static void isSafe(Recovery.Place place) {
        switch (Recovery.row(place).decision()) {
            case CUT -> assertEquals(Recovery.Where.TAIL, place.where());
            case KEEP -> assertEquals(Recovery.Body.WHOLE, place.body());
            case SET_ASIDE -> assertEquals(Recovery.Where.SYNCED, place.where());
            case STOP -> assertEquals(Recovery.Kind.NEWER, place.kind());
        }
    }
}
