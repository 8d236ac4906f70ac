package dev.postern.route;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.mail.ReversePath;
import dev.postern.route.Route.PassedOver;
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

    private static Route route(Map<String, Standing> standings, WhenLimited whenLimited) {
        Router router =
                new Router(
                        List.of(
                                EgressConfigs.egress("one", 1, List.of(), null, whenLimited),
                                EgressConfigs.egress("two", "@example.com"),
                                EgressConfigs.egress("three", "@example.org"),
                                EgressConfigs.egress("four")));
        return router.route(SENDER, name -> standings.getOrDefault(name, Standing.USABLE));
    }

    @Test
    void theConfiguredOrderWithoutThoseOfOtherSenders() {
        Route route = route(Map.of(), WhenLimited.WAIT);
        assertEquals(List.of("one", "three", "four"), route.candidates());
        assertEquals(List.of(new PassedOver.Sender("two")), route.passedOver());
    }

    @Test
    void oneThatIsDownGetsNoMail() {
        Route route = route(Map.of("one", new Standing.Down("587 timed out")), WhenLimited.WAIT);
        assertEquals(List.of("three", "four"), route.candidates());
        assertEquals(
                List.of(new PassedOver.Down("one", "587 timed out"), new PassedOver.Sender("two")),
                route.passedOver());
    }

    @Test
    void aLimitedOneThatWaitsKeepsItsMail() {
        Route route = route(Map.of("one", new Standing.Limited(LATER)), WhenLimited.WAIT);
        assertEquals(List.of(), route.candidates());
        assertEquals(
                List.of(
                        new PassedOver.Limited("one", LATER),
                        new PassedOver.Sender("two"),
                        new PassedOver.Behind("three", "one"),
                        new PassedOver.Behind("four", "one")),
                route.passedOver());
    }

    @Test
    void aLimitedOneThatStepsAsideLetsTheNextHaveIt() {
        Route route = route(Map.of("one", new Standing.Limited(LATER)), WhenLimited.NEXT);
        assertEquals(List.of("three", "four"), route.candidates());
    }

    @Test
    void betterOnesThanTheLimitedOneAreCandidates() {
        Route route = route(Map.of("three", new Standing.Limited(LATER)), WhenLimited.WAIT);
        assertEquals(List.of("one"), route.candidates());
    }

    @Test
    void withNoneConfiguredThereIsNoRouteAndNoReason() {
        Route route = new Router(List.of()).route(SENDER, _ -> Standing.USABLE);
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
