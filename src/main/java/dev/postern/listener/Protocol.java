package dev.postern.listener;

import static dev.postern.listener.Protocol.Step.ADDRESS;
import static dev.postern.listener.Protocol.Step.ANSWER;
import static dev.postern.listener.Protocol.Step.BEGIN;
import static dev.postern.listener.Protocol.Step.CONTENT;
import static dev.postern.listener.Protocol.Step.FORGET;
import static dev.postern.listener.Protocol.Step.GREET;
import static dev.postern.listener.Protocol.Step.HELLO_FIRST;
import static dev.postern.listener.Protocol.Step.IN_CHUNKS;
import static dev.postern.listener.Protocol.Step.IN_MAIL;
import static dev.postern.listener.Protocol.Step.LEAVE;
import static dev.postern.listener.Protocol.Step.LOG_IN;
import static dev.postern.listener.Protocol.Step.MAIL_FIRST;
import static dev.postern.listener.Protocol.Step.NESTED;
import static dev.postern.listener.Protocol.Step.RCPT_FIRST;
import static dev.postern.listener.Protocol.Step.SECURE;
import static dev.postern.listener.Protocol.Step.TAKE_CHUNK;

import dev.postern.smtp.Command;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The order of commands (RFC 5321 §4.1.4) as one table: what each verb does in each state. The
/// session obeys it, `docs/session.md` is made from it.
final class Protocol {

    private Protocol() {}

    /// Where a session stands.
    enum State {
        /// Greeted; the client has not said who it is.
        START,
        /// No transaction.
        READY,
        /// MAIL was accepted, no RCPT yet.
        SENDER,
        /// At least one RCPT was accepted.
        ADDRESSED,
        /// At least one chunk of BDAT was taken, not the last.
        CHUNKED,
        /// The next line answers a challenge of AUTH.
        CHALLENGED,
        /// Credentials are being checked.
        CHECKING,
        /// The answer to a failed log-in is held back.
        DELAYED,
        /// The content of DATA comes in.
        DATA,
        /// The octets of a chunk come in.
        CHUNK,
        /// The octets of a refused chunk come in.
        REFUSED_CHUNK,
        /// The message is being made durable, or sent.
        COMMITTING,
        /// TLS is being agreed on.
        SECURING,
        /// Over.
        CLOSED;

        /// Returns whether the next octets are a command.
        boolean takesCommands() {
            return compareTo(CHALLENGED) < 0;
        }

        /// Returns whether the session waits for us, not for its client.
        boolean isBusy() {
            return this == CHECKING || this == DELAYED || this == COMMITTING;
        }

        /// Returns whether a message was begun.
        boolean isInTransaction() {
            return this == SENDER || this == ADDRESSED || this == CHUNKED || isReceiving();
        }

        /// Returns whether the content of a message comes in, or is being taken.
        boolean isReceiving() {
            return this == DATA || this == CHUNK || this == COMMITTING;
        }
    }

    /// What a client can ask for. Those that may come before TLS where TLS is required (RFC 3207
    /// §4) say so.
    enum Verb {
        HELO(true),
        EHLO(true),
        MAIL(false),
        RCPT(false),
        DATA(false),
        BDAT(false),
        RSET(true),
        NOOP(true),
        VRFY(false),
        HELP(true),
        STARTTLS(true),
        AUTH(false),
        QUIT(true);

        private final boolean beforeTls;

        Verb(boolean beforeTls) {
            this.beforeTls = beforeTls;
        }

        boolean mayComeBeforeTls() {
            return beforeTls;
        }
    }

    /// What a verb does.
    enum Step {
        /// Takes the client's name and forgets any transaction (RFC 5321 §4.1.1.1).
        GREET(State.READY),
        BEGIN(State.SENDER),
        ADDRESS(State.ADDRESSED),
        CONTENT(State.DATA),
        TAKE_CHUNK(State.CHUNK),
        FORGET(State.READY),
        /// Answers and changes nothing.
        ANSWER((State) null),
        LOG_IN(State.CHALLENGED),
        SECURE(State.SECURING),
        LEAVE(State.CLOSED),

        HELLO_FIRST(Replies.badSequence("Say EHLO first")),
        MAIL_FIRST(Replies.badSequence("Say MAIL first")),
        RCPT_FIRST(Replies.badSequence("Say RCPT first")),
        NESTED(Replies.badSequence("There is a sender already")),
        IN_MAIL(Replies.badSequence("Not within a mail transaction")),
        /// RFC 3030 §2.
        IN_CHUNKS(Replies.badSequence("BDAT has begun: go on with it or say RSET"));

        private final @Nullable State next;
        private final @Nullable Reply refusal;

        Step(@Nullable State next) {
            this.next = next;
            this.refusal = null;
        }

        Step(Reply refusal) {
            this.next = null;
            this.refusal = refusal;
        }

        /// Returns the state that a success leads to; null when none changes.
        @Nullable State next() {
            return next;
        }

        /// Returns why the verb is out of order; null when it is not.
        @Nullable Reply refusal() {
            return refusal;
        }
    }

    // spotless:off
    private static final Map<Verb, Map<State, Step>> TABLE = table(
            //                  START        READY        SENDER       ADDRESSED    CHUNKED
            row(Verb.HELO,     GREET,       GREET,       GREET,       GREET,       GREET),
            row(Verb.EHLO,     GREET,       GREET,       GREET,       GREET,       GREET),
            row(Verb.MAIL,     HELLO_FIRST, BEGIN,       NESTED,      NESTED,      NESTED),
            row(Verb.RCPT,     HELLO_FIRST, MAIL_FIRST,  ADDRESS,     ADDRESS,     IN_CHUNKS),
            row(Verb.DATA,     HELLO_FIRST, MAIL_FIRST,  RCPT_FIRST,  CONTENT,     IN_CHUNKS),
            row(Verb.BDAT,     HELLO_FIRST, MAIL_FIRST,  RCPT_FIRST,  TAKE_CHUNK,  TAKE_CHUNK),
            row(Verb.RSET,     ANSWER,      FORGET,      FORGET,      FORGET,      FORGET),
            row(Verb.NOOP,     ANSWER,      ANSWER,      ANSWER,      ANSWER,      ANSWER),
            row(Verb.VRFY,     ANSWER,      ANSWER,      ANSWER,      ANSWER,      ANSWER),
            row(Verb.HELP,     ANSWER,      ANSWER,      ANSWER,      ANSWER,      ANSWER),
            row(Verb.STARTTLS, HELLO_FIRST, SECURE,      IN_MAIL,     IN_MAIL,     IN_MAIL),
            row(Verb.AUTH,     HELLO_FIRST, LOG_IN,      IN_MAIL,     IN_MAIL,     IN_MAIL),
            row(Verb.QUIT,     LEAVE,       LEAVE,       LEAVE,       LEAVE,       LEAVE));
    // spotless:on

    private record Row(Verb verb, Map<State, Step> steps) {}

    private static Row row(Verb verb, Step... steps) {
        Map<State, Step> byState = new EnumMap<>(State.class);
        int column = 0;
        for (State state : State.values()) {
            if (state.takesCommands()) {
                byState.put(state, steps[column++]);
            }
        }
        return new Row(verb, byState);
    }

    private static Map<Verb, Map<State, Step>> table(Row... rows) {
        Map<Verb, Map<State, Step>> table = new EnumMap<>(Verb.class);
        for (Row row : rows) {
            table.put(row.verb(), row.steps());
        }
        return table;
    }

    /// Returns what a verb does in a state that takes commands.
    static Step step(State state, Verb verb) {
        Map<State, Step> row = TABLE.get(verb);
        Step step = row == null ? null : row.get(state);
        if (step == null) {
            throw new AssertionError(verb + " in " + state + ", which takes no commands");
        }
        return step;
    }

    /// Returns the verb of a command that has one.
    static Verb verb(Command command) {
        return switch (command) {
            case Command.Helo _ -> Verb.HELO;
            case Command.Ehlo _ -> Verb.EHLO;
            case Command.Mail _ -> Verb.MAIL;
            case Command.Rcpt _ -> Verb.RCPT;
            case Command.Data _ -> Verb.DATA;
            case Command.Bdat _ -> Verb.BDAT;
            case Command.Rset _ -> Verb.RSET;
            case Command.Noop _ -> Verb.NOOP;
            case Command.Vrfy _ -> Verb.VRFY;
            case Command.Help _ -> Verb.HELP;
            case Command.StartTls _ -> Verb.STARTTLS;
            case Command.Auth _ -> Verb.AUTH;
            case Command.Quit _ -> Verb.QUIT;
            case Command.Unknown _, Command.Malformed _ -> throw new AssertionError(command);
        };
    }
}
