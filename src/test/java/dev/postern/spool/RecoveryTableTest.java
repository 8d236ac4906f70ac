package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.spool.SegmentScan.RecoveryTable;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RecoveryTableTest {

    private static Stream<RecoveryTable.Place> places() {
        return Stream.of(RecoveryTable.Where.values())
                .flatMap(where ->
                        Stream.of(RecoveryTable.Head.values())
                                .flatMap(head -> places(where, head)));
    }

    private static Stream<RecoveryTable.Place> places(
            RecoveryTable.Where where, RecoveryTable.Head head) {
        return Stream.of(RecoveryTable.Kind.values())
                .flatMap(kind ->
                        Stream.of(RecoveryTable.Body.values())
                                .map(body -> new RecoveryTable.Place(where, head, kind, body)));
    }

    @Test
    void everyPossiblePlaceHasExactlyOneRow() {
        List<RecoveryTable.Place> possible =
                places().filter(RecoveryTable.Place::isPossible).toList();
        assertEquals(2 * (2 * 3 + 2), possible.size());
        Set<RecoveryTable.Row> used = EnumSet.noneOf(RecoveryTable.Row.class);
        for (RecoveryTable.Place place : possible) {
            List<RecoveryTable.Row> rows =
                    Stream.of(RecoveryTable.Row.values()).filter(row -> row.covers(place)).toList();
            assertEquals(1, rows.size(), place + " has rows " + rows);
            assertEquals(rows.getFirst(), RecoveryTable.row(place));
            used.add(rows.getFirst());
        }
        assertEquals(EnumSet.allOf(RecoveryTable.Row.class), used);
    }

    @Test
    void onlyTheTailIsCutAndOnlyWholeRecordsAreKept() {
        places().filter(RecoveryTable.Place::isPossible).forEach(RecoveryTableTest::isSafe);
    }

    private static void isSafe(RecoveryTable.Place place) {
        switch (RecoveryTable.row(place).decision()) {
            case CUT -> assertEquals(RecoveryTable.Where.TAIL, place.where());
            case KEEP -> assertEquals(RecoveryTable.Body.WHOLE, place.body());
            case SET_ASIDE -> assertEquals(RecoveryTable.Where.SYNCED, place.where());
            case STOP -> assertEquals(RecoveryTable.Kind.NEWER, place.kind());
        }
    }
}
