package dev.postern.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.listener.Protocol.SessionState;
import dev.postern.smtp.SmtpLimits;
import dev.postern.testing.Seeds;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Who gets room, and who gives way.
class CrowdTest {

    private static final long MIB = 1024 * 1024;
    private static final int HELD_AT_MOST = 100_000;
    private static final String ONE = "192.0.2.1";
    private static final String OTHER = "192.0.2.2";
    private static final String THIRD = "192.0.2.3";

    private long now;
    private final Crowd crowd = crowd(3);

    private Crowd crowd(int sessions) {
        return new Crowd(sessions, 2, HELD_AT_MOST, () -> now);
    }

    private void passes(Duration time) {
        now += time.toNanos();
    }

    /// A session that does as it is asked, unless it can't.
    private static final class Guest implements Crowd.Guest {
        SessionState state = SessionState.READY;
        Crowd.Seat seat;
        boolean asked;
        boolean stubborn;
        boolean heldUp;

        @Override
        public SessionState state() {
            return state;
        }

        @Override
        public boolean isHeldUp() {
            return heldUp;
        }

        @Override
        public void giveWay() {
            asked = true;
            if (stubborn) {
                seat.stay();
            } else {
                seat.leave();
            }
        }

        Guest in(SessionState newState) {
            state = newState;
            return this;
        }
    }

    private static Guest enter(Crowd crowd, String address) {
        Guest guest = new Guest();
        guest.seat = crowd.enter(InetAddress.ofLiteral(address), guest);
        return guest;
    }

    private Guest enter(String address) {
        return enter(crowd, address);
    }

    private Guest seated(String address) {
        Guest guest = enter(address);
        assertNotNull(guest.seat, "a seat for " + address);
        return guest;
    }

    private static void filled(Guest guest) {
        assertTrue(guest.seat.hold(HELD_AT_MOST + Crowd.FREE_BYTES), "room for all");
    }

    // Seats.

    @Test
    void whoComesWhenAllSeatsAreTakenIsRefused() {
        seated(ONE);
        seated(ONE);
        seated(ONE);
        assertNull(enter(ONE).seat);
        assertEquals(3, crowd.sessions());
    }

    @Test
    void whoHasMostSeatsGivesOneToAnother() {
        Guest first = seated(ONE);
        passes(Duration.ofNanos(1));
        Guest second = seated(ONE);
        seated(ONE);
        passes(Duration.ofNanos(1));
        first.seat.progress();
        seated(OTHER);
        assertTrue(second.asked, "the one without progress for the longest time");
        assertFalse(first.asked);
    }

    @Test
    void nobodyTakesASeatFromWhoHasNoMore() {
        seated(ONE);
        seated(ONE);
        seated(OTHER);
        assertNull(enter(OTHER).seat, "two each, one way or the other");
        seated(THIRD);
    }

    @Test
    void aSilentSessionGivesWayToAnybody() {
        Guest silent = seated(ONE);
        Guest busy = seated(ONE);
        seated(ONE);
        passes(Crowd.SILENT_AFTER.minusNanos(1));
        assertNull(enter(ONE).seat);
        busy.seat.progress();
        passes(Duration.ofMillis(200));
        seated(ONE);
        assertTrue(silent.asked);
        assertFalse(busy.asked);
    }

    @Test
    void whoHasNoTransactionGivesWayFirst() {
        Guest addressed = seated(ONE).in(SessionState.ADDRESSED);
        passes(Duration.ofMillis(1));
        Guest idle = seated(ONE);
        seated(ONE);
        seated(OTHER);
        assertTrue(idle.asked);
        assertFalse(addressed.asked);
    }

    /// To say NOOP, or an octet now and then, is no progress.
    @Test
    void toBeHeardIsNoProgress() {
        Guest talker = seated(ONE);
        passes(Crowd.SILENT_AFTER);
        talker.seat.heard();
        assertEquals(0, talker.seat.silentNanos());
        seated(ONE);
        seated(ONE);
        seated(ONE);
        assertTrue(talker.asked);
    }

    @ParameterizedTest
    @EnumSource
    void onlySomeStatesGiveWay(SessionState state) {
        Guest guest = seated(ONE).in(state);
        seated(ONE).in(SessionState.COMMITTING);
        seated(ONE).in(SessionState.COMMITTING);
        boolean closed = state == SessionState.CLOSED;
        boolean content =
                state == SessionState.DATA
                        || state == SessionState.CHUNK
                        || state == SessionState.CHUNKED;
        boolean ours = state == SessionState.COMMITTING || state == SessionState.CHECKING;
        assertEquals(closed, enter(ONE).seat != null, "at once, for the same client");
        if (!closed) {
            passes(Crowd.SILENT_AFTER);
            assertEquals(!content && !ours, enter(OTHER).seat != null, "to another client");
            passes(Crowd.STALLED_AFTER);
            assertEquals(!ours, enter(ONE).seat != null || guest.asked, "after a long time");
        }
    }

    @Test
    void contentThatComesInIsProgress() {
        Guest receiving = seated(ONE).in(SessionState.DATA);
        seated(ONE).in(SessionState.COMMITTING);
        seated(ONE).in(SessionState.COMMITTING);
        passes(Crowd.STALLED_AFTER);
        receiving.seat.progress();
        assertNull(enter(OTHER).seat);
        assertTrue(receiving.seat.isFirm());
        passes(Crowd.STALLED_AFTER);
        assertFalse(receiving.seat.isFirm());
        seated(OTHER);
    }

    @Test
    void whoCantGiveWayStays() {
        Guest first = seated(ONE);
        first.stubborn = true;
        seated(ONE);
        seated(ONE);
        first.seat.hold(20_000);
        passes(Crowd.SILENT_AFTER);
        seated(ONE);
        assertTrue(first.asked);
        assertTrue(first.seat.isSeated());
        assertEquals(20_000 - Crowd.FREE_BYTES, crowd.heldBytes());
    }

    @Test
    void aHostIsItsIpv6Network() {
        seated("2001:db8::1");
        seated("2001:db8::2");
        seated("2001:db8::3");
        assertNull(enter("2001:db8::4").seat);
        seated("2001:db8:0:1::1");
    }

    // Octets.

    @Test
    void aLoneSessionMayHoldEverything() {
        Guest lone = seated(ONE);
        filled(lone);
        assertFalse(lone.seat.hold(HELD_AT_MOST + Crowd.FREE_BYTES + 1));
        assertEquals(HELD_AT_MOST, crowd.heldBytes());
        assertTrue(lone.seat.hold(0));
        assertEquals(0, crowd.heldBytes());
    }

    @Test
    void theFreePartFitsWhateverOthersHold() {
        Guest small = seated(ONE);
        filled(seated(ONE));
        assertTrue(small.seat.hold(Crowd.FREE_BYTES));
        assertFalse(small.seat.hold(Crowd.FREE_BYTES + 1));
    }

    @Test
    void whenTheRoomIsUsedUpNewSessionsAreRefused() {
        Guest large = seated(ONE).in(SessionState.ADDRESSED);
        filled(large);
        assertNull(enter(ONE).seat);
        assertFalse(large.asked);
        seated(OTHER);
        assertTrue(large.asked, "in favour of another client");
        assertEquals(0, crowd.heldBytes());
    }

    /// Large mail under way keeps its own client's new sessions out, and nobody else's.
    @Test
    void whoHoldsNothingOfItIsLetIn() {
        Guest large = seated(ONE).in(SessionState.DATA);
        filled(large);
        assertNull(enter(ONE).seat);
        Guest other = seated(OTHER);
        assertFalse(large.asked);
        assertTrue(other.seat.hold(Crowd.FREE_BYTES), "as much as usual mail needs");
        assertFalse(other.seat.hold(Crowd.FREE_BYTES + 1), "no more");
    }

    /// Its client can't go on while the disk does not.
    @Test
    void aMessageThatWaitsForTheSpoolStays() {
        Guest waiting = seated(ONE).in(SessionState.DATA);
        seated(ONE).in(SessionState.COMMITTING);
        seated(ONE).in(SessionState.COMMITTING);
        waiting.heldUp = true;
        passes(Crowd.STALLED_AFTER.multipliedBy(2));
        assertNull(enter(OTHER).seat);
        waiting.heldUp = false;
        passes(Duration.ofSeconds(1));
        seated(OTHER);
        assertTrue(waiting.asked);
    }

    /// Where no seat was found, room for octets may be.
    @Test
    void aSearchForOneThingSaysNothingOfAnother() {
        Guest large = seated(OTHER).in(SessionState.CHECKING);
        seated(ONE).in(SessionState.COMMITTING);
        Guest mine = seated(ONE).in(SessionState.COMMITTING);
        filled(large);
        assertNull(enter(ONE).seat);
        large.in(SessionState.ADDRESSED);
        assertTrue(mine.seat.hold(Crowd.FREE_BYTES + 1000));
        assertTrue(large.asked);
    }

    @Test
    void aSilentEnvelopeGivesWay() {
        Guest large = seated(ONE).in(SessionState.ADDRESSED);
        Guest next = seated(ONE);
        filled(large);
        assertFalse(next.seat.hold(50_000));
        passes(Crowd.SILENT_AFTER);
        filled(next);
        assertTrue(large.asked);
    }

    @Test
    void whoHoldsMostGivesWayToAnother() {
        Guest mine = seated(OTHER).in(SessionState.ADDRESSED);
        Guest theirs = seated(ONE).in(SessionState.ADDRESSED);
        assertTrue(mine.seat.hold(40_000));
        assertTrue(theirs.seat.hold(60_000));
        assertTrue(mine.seat.hold(45_000));
        assertFalse(mine.seat.hold(60_000), "it would have more than the other");
        Guest third = seated(THIRD);
        assertTrue(third.seat.hold(20_000));
        assertTrue(theirs.asked);
        assertFalse(mine.asked);
    }

    @Test
    void tlsHasItsOwnLimit() {
        Guest first = seated(ONE);
        assertTrue(first.seat.secure());
        assertTrue(seated(ONE).seat.secure());
        assertFalse(seated(ONE).seat.secure());
        first.seat.leave();
        assertTrue(seated(ONE).seat.secure());
    }

    @ParameterizedTest
    @ValueSource(longs = {16, 36, 61, 93, 512, 8192})
    void theBudgetHoldsAWholeEnvelopeAndIsAPartOfTheHeap(long heapMib) {
        long heap = heapMib * MIB;
        long held = Crowd.heldBytesAtMost(1000, heap);
        assertTrue(held >= 1000 * Transaction.bytes(SmtpLimits.PATH_OCTETS), held + " bytes");
        assertTrue(held <= heap / 4, held + " bytes");
        assertTrue(Crowd.heldBytesAtMost(1_000_000, heap) <= heap / 4);
        assertTrue((long) Crowd.secureAtMost(heap) * Crowd.TLS_BYTES <= heap / 4);
    }

    /// What [Listener] says of 500 connections.
    @Test
    void fiveHundredConnectionsFitOffTheHeap() {
        long each = (long) Listener.receiveBytesAtMost(500) + Listener.unsentBytesAtMost(500);
        assertTrue(500 * each <= 12 * MIB, 500 * each + " octets");
        assertTrue(500 * each >= 11 * MIB, 500 * each + " octets");
        assertEquals(Listener.RECEIVE_BYTES_AT_MOST, Listener.receiveBytesAtMost(1));
    }

    /// Whatever happens in whatever order, the sums are right and within their bounds.
    @Test
    void theSumsAreRight() {
        Seeds.forEach(
                300,
                random -> {
                    Crowd many = crowd(10);
                    List<Guest> guests = new ArrayList<>();
                    for (int i = 0; i < 300; i++) {
                        passes(Duration.ofMillis(random.nextInt(500)));
                        if (guests.isEmpty() || random.nextInt(4) == 0) {
                            Guest guest = enter(many, "192.0.2." + random.nextInt(4));
                            if (guest.seat != null) {
                                guests.add(guest);
                            }
                        } else {
                            does(guests, Seeds.oneOf(random, guests), random);
                        }
                        guests.removeIf(guest -> !guest.seat.isSeated());
                        assertEquals(guests.size(), many.sessions());
                        assertTrue(many.sessions() <= 10, many.sessions() + " sessions");
                        assertTrue(many.heldBytes() <= HELD_AT_MOST, many.heldBytes() + " bytes");
                    }
                    guests.forEach(guest -> guest.seat.leave());
                    assertEquals(0, many.sessions());
                    assertEquals(0, many.heldBytes());
                });
    }

    private static void does(List<Guest> guests, Guest guest, RandomGenerator random) {
        switch (random.nextInt(5)) {
            case 0 -> guest.seat.leave();
            case 1 -> guest.seat.progress();
            case 2 -> guest.state = Seeds.oneOf(random, List.of(SessionState.values()));
            default -> guest.seat.hold(random.nextInt(60_000));
        }
        assertTrue(guests.contains(guest));
    }
}
