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
/// | | held as suspected | held recipients are queued |
/// | hold | queued, deferred, held for want of an egress | unfinished recipients are held |
/// | release | held by an operator or as suspected | held recipients are queued |
/// | delete | not being sent | gone |
///
/// What is queued again is still the business of the egress that perhaps took it before.
final class Verbs {

    private Verbs() {}

    static boolean allows(Spool.Verb verb, State shown, MessageState snapshot) {
        boolean held = shown == State.HELD;
        return switch (verb) {
            case RETRY ->
                    shown == State.DEFERRED
                            || (shown == State.FAILED && snapshot.hasContent())
                            || (held && snapshot.isSuspected());
            case HOLD ->
                    shown == State.QUEUED
                            || shown == State.DEFERRED
                            || (held && !snapshot.has(Reason.OPERATOR) && !snapshot.isSuspected());
            case RELEASE -> held && (snapshot.has(Reason.OPERATOR) || snapshot.isSuspected());
            case DELETE -> shown != State.SENDING;
        };
    }

    static MessageState apply(Spool.Verb verb, MessageState before, Instant now) {
        return switch (verb) {
            case RETRY -> retry(before, now);
            case HOLD -> before.with(Verbs::hold, before.ageFrom(), before.due());
            case RELEASE -> release(before, now);
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

    private static MessageState retry(MessageState before, Instant now) {
        return switch (before.state()) {
            case FAILED -> before.queued(r -> r.state() == State.FAILED, now, now);
            case HELD -> release(before, now);
            case QUEUED, SENDING, DEFERRED, SENT ->
                    before.with(recipient -> recipient, before.ageFrom(), now);
        };
    }

    private static MessageState release(MessageState before, Instant now) {
        return before.queued(r -> r.state() == State.HELD, before.ageFrom(), now);
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
