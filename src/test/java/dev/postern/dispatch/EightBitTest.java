package dev.postern.dispatch;

import static dev.postern.dispatch.ScriptedEgress.NO_LOGIN;
import static dev.postern.dispatch.ScriptedEgress.REFUSED;
import static dev.postern.dispatch.ScriptedEgress.TOO_BIG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.spool.MessageState;
import dev.postern.testing.FakeSpool;
import java.util.List;
import org.junit.jupiter.api.Test;

/// 8-bit content takes another egress where one would spoil it, and goes as it is where none is
/// better.
class EightBitTest {

    private static final Outcome DECLINED = new Outcome.Unsuited("8-bit", Unsuitability.FORM);
    private static final Outcome SPOILT =
            new Outcome.Accepted("250 taken", null, List.of("no 8BITMIME"));

    private final Rig rig = Rig.of("one", "two").start();

    /// Makes an egress do as one does whose hop turns out to lack 8BITMIME.
    private void lacks(String egress) {
        rig.egress(egress)
                .usually((outbound, gate) ->
                        ScriptedEgress.same(outbound.asItIs() ? SPOILT : DECLINED)
                                .act(outbound, gate));
    }

    private QueueId send() {
        QueueId id = rig.spool.add("a@example.org", "b@example.net", "c@example.net");
        MessageState plain = rig.spool.get(id);
        rig.spool.put(
                FakeSpool.with(
                        plain,
                        new MessageState.Message(
                                id,
                                plain.envelope(),
                                plain.message().origin(),
                                plain.message().received(),
                                plain.message().sizeBytes(),
                                new ContentTraits(true, false, 10),
                                plain.message().subject())));
        rig.scheduler.run();
        return id;
    }

    /// Returns who was asked and what came of it.
    private List<String> attempts() {
        return rig.attempts.stream().map(a -> a.egress() + " " + a.outcome().word()).toList();
    }

    private List<Boolean> asItIs(String egress) {
        return rig.egress(egress).shipments().stream().map(OutboundMessage::asItIs).toList();
    }

    @Test
    void anotherEgressTakesWhatTheFirstDeclines() {
        lacks("one");
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(send()));
        assertEquals(List.of("one unsuited", "two accepted"), attempts());
        assertEquals(List.of("two instead of one"), rig.fallbacks);
    }

    @Test
    void anEgressKnownToSpoilIsNotAskedWhileThereIsAnother() {
        lacks("one");
        rig.egress("one").spoiling();
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(send()));
        assertEquals(List.of("two accepted"), attempts());
        assertEquals(List.of("two instead of one"), rig.fallbacks);
        QueueId plain = rig.send("d@example.net");
        assertEquals("sent one: 250 taken", rig.fate(plain), "7-bit content goes anywhere");
    }

    @Test
    void whereTheOtherIsUnavailableItGoesAsItIs() {
        lacks("one");
        rig.egress("two").then(REFUSED);
        QueueId id = send();
        assertEquals("sent one: 250 taken", rig.fate(id, 0));
        assertEquals("sent one: 250 taken", rig.fate(id, 1));
        assertEquals(List.of("one unsuited", "two unavailable", "one accepted"), attempts());
        Attempt last = rig.spool.attempts(id).getLast();
        assertEquals(List.of("no 8BITMIME"), last.notCarried());
        assertEquals(3, rig.spool.get(id).attemptCount());
    }

    @Test
    void whereAllSpoilItGoesAsItIsToThePreferredOne() {
        lacks("one");
        lacks("two");
        assertEquals("sent one: 250 taken", rig.fate(send()));
        assertEquals(List.of("one unsuited", "two unsuited", "one accepted"), attempts());
        rig.egress("one").spoiling();
        rig.egress("two").spoiling();
        rig.attempts.clear();
        assertEquals("sent one: 250 taken", rig.fate(send()));
        assertEquals(List.of("one accepted"), attempts());
    }

    @Test
    void whereTheOtherIsDownItGoesAsItIsAtOnce() {
        lacks("one");
        rig.egress("two").probing(new Probe.Failed("no", Fault.CREDENTIALS, null));
        rig.dispatcher.probe("two");
        rig.scheduler.run();
        assertEquals("sent one: 250 taken", rig.fate(send()));
        assertEquals(List.of(true), asItIs("one"));
    }

    @Test
    void theOthersSizeLimitDoesNotFailIt() {
        lacks("one");
        rig.egress("two").then(TOO_BIG);
        assertEquals("sent one: 250 taken", rig.fate(send()));
    }

    @Test
    void aFormThatNoneCanSendFailsTheMessage() {
        rig.egress("one").usually(DECLINED);
        rig.egress("two").usually(DECLINED);
        assertEquals("failed one: 8-bit", rig.fate(send()));
        assertEquals(List.of(false, true), asItIs("one"));
        assertEquals(List.of(false, true), asItIs("two"));
    }

    @Test
    void anEgressThatDeclinedAndThenBreaksDownIsWaitedFor() {
        rig.egress("one").then(DECLINED, NO_LOGIN);
        rig.egress("two").then(REFUSED);
        assertEquals("deferred egress-down two: connection refused", rig.fate(send()));
        assertEquals(List.of("one unsuited", "two unavailable", "one unavailable"), attempts());
    }
}
