package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.mail.QueueId;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.testing.EgressConfigs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What becomes of a message that the egress for its sender can't take, by how the other one
/// stands.
class NoneSuitsTest {

    private static final String MINE = "@example.org";

    /// How the second egress stands.
    enum Other {
        ABSENT,
        OTHERS_SENDER,
        TOO_SMALL,
        DOWN,
        LIMITED
    }

    // spotless:off
    /// A column for each standing of the other egress, a row for each unsuitability of the first.
    private static final List<String> EXPECTED =
            List.of(
                    //            ABSENT      OTHERS_SENDER   TOO_SMALL   DOWN          LIMITED
                    "SIZE          failed      failed          failed      egress-down   limited",
                    "FORM          failed      failed          failed      egress-down   limited",
                    "SENDER        unsuited    unsuited        unsuited    egress-down   limited",
                    "CONFIGURATION unsuited    unsuited        unsuited    egress-down   limited",
                    "FAULT         recipient   recipient       recipient   egress-down   limited");
    // spotless:on

    static Stream<Arguments> cells() {
        List<Arguments> cells = new ArrayList<>();
        for (String row : EXPECTED) {
            List<String> columns = List.of(row.split(" +"));
            Iterator<String> cell = columns.iterator();
            Unsuitability unsuitability = Unsuitability.valueOf(cell.next());
            for (Other other : Other.values()) {
                cells.add(Arguments.of(unsuitability, other, cell.next()));
            }
        }
        return cells.stream();
    }

    @ParameterizedTest
    @MethodSource("cells")
    void isDecidedByTheEgressesForItsSender(
            Unsuitability unsuitability, Other other, String expected) {
        Rig rig = new Rig(new SplittableRandom(1), configs(other)).start();
        rig.egress("one").usually(new Outcome.Unsuited("not this one", unsuitability));
        if (other == Other.LIMITED) {
            rig.egress("one").then(new Outcome.Unsuited("take the other", Unsuitability.SIZE));
            rig.send("uses-the-limit-up@example.net");
        } else if (other != Other.ABSENT) {
            rig.egress("two")
                    .usually(other == Other.DOWN ? ScriptedEgress.REFUSED : ScriptedEgress.TOO_BIG);
        }
        QueueId id = rig.send("b@example.net");
        String fate = rig.fate(id);
        String decider =
                expected.equals("egress-down") || expected.equals("limited") ? "two" : "one";
        String state = expected.equals("failed") ? "failed" : "deferred " + expected;
        assertEquals(state + " " + decider, fate.substring(0, fate.indexOf(':')));
        int asked = rig.egress("one").calls().size();
        rig.scheduler.pass(Duration.ofDays(1));
        boolean again = rig.egress("one").calls().size() > asked;
        assertEquals(!expected.equals("failed"), again);
    }

    private static EgressConfig[] configs(Other other) {
        EgressConfig one = EgressConfigs.egress("one", MINE);
        Rate rate = new Rate(1, Duration.ofHours(3));
        return switch (other) {
            case ABSENT -> new EgressConfig[] {one};
            case OTHERS_SENDER ->
                    new EgressConfig[] {one, EgressConfigs.egress("two", "@example.com")};
            case TOO_SMALL, DOWN -> new EgressConfig[] {one, EgressConfigs.egress("two", MINE)};
            case LIMITED ->
                    new EgressConfig[] {
                        one, EgressConfigs.egress("two", 2, List.of(MINE), rate, WhenLimited.WAIT)
                    };
        };
    }

    /// Bounces and cron's mail have no envelope sender: the From field says whose they are.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Subject: x                                                | open",
                "From: Ops <me@Example.ORG>                                | mine",
                "from: \"x@example.com\" <me@example.org>, b@example.com   | mine",
                "From: (x@example.com)\\n Ops\\n <me@example.org>          | mine",
                "From: b@example.com, me@example.org                       | open",
                "X: y\\nFrom: nobody\\n                                    | open",
                "Subject: x\\n\\nFrom: me@example.org                      | open",
            })
    void mailWithoutASenderGoesByTheFromOfItsHeader(String header, String by) {
        Rig rig =
                new Rig(
                                new SplittableRandom(1),
                                EgressConfigs.egress("mine", MINE),
                                EgressConfigs.egress("open"))
                        .start();
        rig.spool.octets(header.strip().replace("\\n", "\r\n") + "\r\n\r\nx\r\n");
        QueueId id = rig.spool.add("", "b@example.net");
        rig.scheduler.run();
        assertEquals("sent " + by + ": 250 2.0.0 taken", rig.fate(id));
    }

    @ParameterizedTest
    @CsvSource({"me@example.org, sent mine", "me@example.com, deferred unsuited mine"})
    void mailWithoutASenderWaitsWhereNoEgressIsForItsFrom(String from, String fate) {
        Rig rig = new Rig(new SplittableRandom(1), EgressConfigs.egress("mine", MINE)).start();
        rig.spool.octets("From: " + from + "\r\n\r\nx\r\n");
        QueueId id = rig.spool.add("", "b@example.net");
        rig.scheduler.run();
        assertEquals(fate, rig.fate(id).substring(0, fate.length()));
    }
}
