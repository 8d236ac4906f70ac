package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.dispatch.Router.Route;
import dev.postern.mail.ReversePath;
import dev.postern.testing.EgressConfigs;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouterTest {

    private static final Instant LATER = Instant.parse("2026-03-01T12:00:00Z");
    private static final ReversePath SENDER = new ReversePath("me@example.org");

    private static final Skip DOWN = Skip.down("one", "587 timed out", LATER, null);
    private static final Skip LIMIT = Skip.limited("one", LATER);
    private static final Skip OTHERS = Skip.sender("two", "me@example.org");

    private static Route route(Map<String, Skip> standings, WhenLimited whenLimited) {
        Router router =
                new Router(
                        List.of(
                                EgressConfigs.egress("one", 1, List.of(), null, whenLimited),
                                EgressConfigs.egress("two", "@example.com"),
                                EgressConfigs.egress("three", "@example.org"),
                                EgressConfigs.egress("four")));
        return router.route(SENDER, standings::get);
    }

    @Test
    void theConfiguredOrderWithoutThoseOfOtherSenders() {
        Route route = route(Map.of(), WhenLimited.WAIT);
        assertEquals(List.of("one", "three", "four"), route.candidates());
        assertEquals(List.of(OTHERS), route.skipped());
    }

    @Test
    void oneThatIsDownGetsNoMail() {
        Route route = route(Map.of("one", DOWN), WhenLimited.WAIT);
        assertEquals(List.of("three", "four"), route.candidates());
        assertEquals(List.of(DOWN, OTHERS), route.skipped());
    }

    @Test
    void aLimitedOneThatWaitsKeepsItsMail() {
        Route route = route(Map.of("one", LIMIT), WhenLimited.WAIT);
        assertEquals(List.of(), route.candidates());
        assertEquals(List.of(LIMIT, OTHERS), route.skipped());
    }

    @Test
    void aLimitedOneThatStepsAsideLetsTheNextHaveIt() {
        Route route = route(Map.of("one", LIMIT), WhenLimited.NEXT);
        assertEquals(List.of("three", "four"), route.candidates());
    }

    @Test
    void betterOnesThanTheLimitedOneAreCandidates() {
        Route route = route(Map.of("three", Skip.limited("three", LATER)), WhenLimited.WAIT);
        assertEquals(List.of("one"), route.candidates());
    }

    @Test
    void withNoneConfiguredThereIsNoRouteAndNoReason() {
        Route route = new Router(List.of()).route(SENDER, _ -> null);
        assertEquals(new Route(List.of(), List.of()), route);
    }

    @ParameterizedTest
    @CsvSource({
        "me@example.org, true",
        "ME@Example.ORG, true",
        "you@example.org, false",
        "any@example.com, true",
        "any@EXAMPLE.com, true",
        "any@sub.example.com, false",
        "any@notexample.com, false",
        "'\"a@b\"@example.com', true",
        "'', false",
        "example.com, false",
        "any@bücher.example, true",
        "any@XN--bcher-kva.example, true",
        "you@xn--strae-oqa.example, true",
        "you@straße.example, true",
        "you@strasse.example, false",
    })
    void sendersAreAddressesAndDomains(String sender, boolean may) {
        List<String> senders =
                List.of(
                        "@Example.com",
                        "me@example.org",
                        "@Bücher.example",
                        "you@xn--strae-oqa.example");
        assertEquals(may, Router.maySendFor(senders, new ReversePath(sender)));
    }

    @Test
    void anEmptyListIsForAnybodyAndForBounces() {
        assertEquals(true, Router.maySendFor(List.of(), ReversePath.NULL));
    }
}
