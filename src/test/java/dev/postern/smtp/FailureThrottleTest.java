package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Seeds;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FailureThrottleTest {

    private Instant now = Instant.EPOCH;
    private final FailureThrottle throttle = new FailureThrottle(() -> now);

    private Duration failed(String address) {
        return throttle.failed(InetAddress.ofLiteral(address));
    }

    @Test
    void theWaitDoublesUpToTheLongest() {
        List<Duration> waits = IntStream.range(0, 9).mapToObj(_ -> failed("192.0.2.1")).toList();
        assertEquals(
                List.of(500L, 1000L, 2000L, 4000L, 8000L, 16_000L, 30_000L, 30_000L, 30_000L),
                waits.stream().map(Duration::toMillis).toList());
    }

    @Test
    void eachAddressHasItsOwn() {
        failed("192.0.2.1");
        failed("192.0.2.1");
        assertEquals(FailureThrottle.FIRST_WAIT, failed("192.0.2.2"));
    }

    @Test
    void aHostIsItsIpv6Network() {
        failed("2001:db8:0:1::1");
        assertEquals(FailureThrottle.FIRST_WAIT.multipliedBy(2), failed("2001:db8:0:1:ffff::2"));
        assertEquals(FailureThrottle.FIRST_WAIT, failed("2001:db8:0:2::1"));
    }

    @Test
    void theSameOctetsOfTheOtherKindAreAnotherHost() {
        failed("::");
        assertEquals(FailureThrottle.FIRST_WAIT, failed("0.0.0.0"));
    }

    @Test
    void failuresAreForgottenOneByOne() {
        for (int i = 0; i < 4; i++) {
            failed("192.0.2.1");
        }
        now = now.plus(FailureThrottle.FORGET_ONE_EACH.multipliedBy(2));
        assertEquals(FailureThrottle.FIRST_WAIT.multipliedBy(4), failed("192.0.2.1"));
        now = now.plus(Duration.ofDays(1));
        assertEquals(FailureThrottle.FIRST_WAIT, failed("192.0.2.1"));
    }

    /// However long it went on, the longest wait ends within minutes.
    @Test
    void aLongAttackIsForgottenToo() {
        for (int i = 0; i < 100_000; i++) {
            failed("192.0.2.1");
        }
        now = now.plus(FailureThrottle.FORGET_ONE_EACH.multipliedBy(10));
        assertEquals(FailureThrottle.FIRST_WAIT, failed("192.0.2.1"));
    }

    @Test
    void noMoreAddressesAreRememberedThanTheLimit() {
        failed("192.0.2.1");
        failed("192.0.2.2");
        for (int i = 0; i < FailureThrottle.ADDRESSES_AT_MOST - 2; i++) {
            failed("10." + (i >> 16) + "." + (i >> 8 & 0xff) + "." + (i & 0xff));
        }
        assertEquals(FailureThrottle.FIRST_WAIT.multipliedBy(2), failed("192.0.2.1"), "known");
        failed("198.51.100.1");
        assertEquals(FailureThrottle.FIRST_WAIT, failed("192.0.2.2"), "the longest ago: forgotten");
    }

    /// Whatever the clock does, a wait is between the bounds.
    @Test
    void aWaitIsWithinItsBounds() {
        Seeds.forEach(
                200,
                random -> {
                    for (int i = 0; i < 100; i++) {
                        now = now.plusMillis(random.nextLong(-100_000, 200_000));
                        Duration wait = failed("192.0.2." + random.nextInt(4));
                        assertTrue(wait.compareTo(FailureThrottle.FIRST_WAIT) >= 0, wait::toString);
                        assertTrue(
                                wait.compareTo(FailureThrottle.WAIT_AT_MOST) <= 0, wait::toString);
                    }
                });
    }
}
