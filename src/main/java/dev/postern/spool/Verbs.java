package dev.postern.spool;

import dev.postern.mail.Reason;
import dev.postern.mail.Recipient;
import dev.postern.mail.State;
import java.time.Instant;

/// What operators may do to a message in which state, and what it does.
///
/// | verb | allowed when | then |
/// |---|---|---|
/// | retry | deferred | due at once |
/// | | failed, with its octets | failed recipients are queued, the age starts anew |
/// | hold | queued, deferred, held for want of an egress | unfinished recipients are held |
/// | release | held by an operator | held recipients are queued |
/// | delete | not being sent | gone |
///
/// What is queued again is still the business of the egress that perhaps took it before.
final class Verbs {

    private Verbs() {}

    static boolean allows(Spool.Verb verb, State shown, Snapshot snapshot) {
        boolean operator = (snapshot.reasons() & Snapshot.bit(Reason.OPERATOR)) != 0;
        return switch (verb) {
            case RETRY ->
                    shown == State.DEFERRED || (shown == State.FAILED && snapshot.hasContent());
            case HOLD ->
                    shown == State.QUEUED
                            || shown == State.DEFERRED
                            || (shown == State.HELD && !operator);
            case RELEASE -> shown == State.HELD && operator;
            case DELETE -> shown != State.SENDING;
        };
    }

    static Snapshot apply(Spool.Verb verb, Snapshot before, Instant now) {
        return switch (verb) {
            case RETRY -> retry(before, now);
            case HOLD -> before.with(Verbs::hold, before.ageFrom(), before.due());
            case RELEASE -> before.queued(r -> r.state() == State.HELD, before.ageFrom(), now);
            case DELETE -> before;
        };
    }

    static RecordType record(Spool.Verb verb) {
        return switch (verb) {
            case RETRY -> RecordType.RETRIED;
            case HOLD -> RecordType.HELD;
            case RELEASE -> RecordType.RELEASED;
            case DELETE -> RecordType.REMOVED;
        };
    }

    private static Snapshot retry(Snapshot before, Instant now) {
        return before.state() == State.FAILED
                ? before.queued(r -> r.state() == State.FAILED, now, now)
                : before.with(recipient -> recipient, before.ageFrom(), now);
    }

    private static Recipient hold(Recipient recipient) {
        return recipient.state().isFinal()
                ? recipient
                : new Recipient(
                        recipient.address(),
                        State.HELD,
                        Reason.OPERATOR,
                        recipient.reply(),
                        recipient.egress());
    }
}
