package dev.postern.listener;

import dev.postern.smtp.Command;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import dev.postern.smtp.ReplyCode;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The order of commands (RFC 5321 §4.1.4) as one table: what each verb does in each state. The
/// session obeys it, `docs/session.md` is made from it.
final class Protocol {

    private Protocol() {}

    /// Where a session stands.
    enum SessionState {
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

    /// What a client can ask for.
    enum SmtpVerb {
        HELO,
        EHLO,
        MAIL,
        RCPT,
        DATA,
        BDAT,
        RSET,
        NOOP,
        VRFY,
        HELP,
        STARTTLS,
        AUTH,
        QUIT;

        /// Returns whether it may come before TLS where TLS is required (RFC 3207 §4).
        boolean mayComeBeforeTls() {
            return switch (this) {
                case HELO, EHLO, RSET, NOOP, HELP, STARTTLS, QUIT -> true;
                case MAIL, RCPT, DATA, BDAT, VRFY, AUTH -> false;
            };
        }
    }

    /// What a verb does.
    enum Transition {
        /// Takes the client's name and forgets any transaction (RFC 5321 §4.1.1.1).
        GREET(SessionState.READY, ""),
        BEGIN(SessionState.SENDER, ""),
        ADDRESS(SessionState.ADDRESSED, ""),
        CONTENT(SessionState.DATA, ""),
        TAKE_CHUNK(SessionState.CHUNK, ""),
        FORGET(SessionState.READY, ""),
        /// Answers and changes nothing.
        ANSWER(null, ""),
        LOG_IN(SessionState.CHALLENGED, ""),
        SECURE(SessionState.SECURING, ""),
        LEAVE(SessionState.CLOSED, ""),

        HELLO_FIRST(null, "Say EHLO first"),
        MAIL_FIRST(null, "Say MAIL first"),
        RCPT_FIRST(null, "Say RCPT first"),
        NESTED(null, "There is a sender already"),
        IN_MAIL(null, "Not within a mail transaction"),
        /// RFC 3030 §2.
        IN_CHUNKS(null, "BDAT has begun: go on with it or say RSET");

        private final @Nullable SessionState next;
        private final @Nullable Reply refusal;

        /// @param outOfOrder why the verb is out of order; empty when it is not
        Transition(@Nullable SessionState next, String outOfOrder) {
            this.next = next;
            this.refusal = outOfOrder.isEmpty() ? null : Replies.badSequence(outOfOrder);
        }

        /// Returns the state that a success leads to; null when none changes.
        @Nullable SessionState next() {
            return next;
        }

        /// Returns why the verb is out of order; null when it is not.
        @Nullable Reply refusal() {
            return refusal;
        }

        // spotless:off
        private static final Map<SmtpVerb, Map<SessionState, Transition>> TABLE = Map.ofEntries(
            //                      START        READY        SENDER       ADDRESSED    CHUNKED
            row(SmtpVerb.HELO,     GREET,       GREET,       GREET,       GREET,       GREET),
            row(SmtpVerb.EHLO,     GREET,       GREET,       GREET,       GREET,       GREET),
            row(SmtpVerb.MAIL,     HELLO_FIRST, BEGIN,       NESTED,      NESTED,      NESTED),
            row(SmtpVerb.RCPT,     HELLO_FIRST, MAIL_FIRST,  ADDRESS,     ADDRESS,     IN_CHUNKS),
            row(SmtpVerb.DATA,     HELLO_FIRST, MAIL_FIRST,  RCPT_FIRST,  CONTENT,     IN_CHUNKS),
            row(SmtpVerb.BDAT,     HELLO_FIRST, MAIL_FIRST,  RCPT_FIRST,  TAKE_CHUNK,  TAKE_CHUNK),
            row(SmtpVerb.RSET,     ANSWER,      FORGET,      FORGET,      FORGET,      FORGET),
            row(SmtpVerb.NOOP,     ANSWER,      ANSWER,      ANSWER,      ANSWER,      ANSWER),
            row(SmtpVerb.VRFY,     ANSWER,      ANSWER,      ANSWER,      ANSWER,      ANSWER),
            row(SmtpVerb.HELP,     ANSWER,      ANSWER,      ANSWER,      ANSWER,      ANSWER),
            row(SmtpVerb.STARTTLS, HELLO_FIRST, SECURE,      IN_MAIL,     IN_MAIL,     IN_MAIL),
            row(SmtpVerb.AUTH,     HELLO_FIRST, LOG_IN,      IN_MAIL,     IN_MAIL,     IN_MAIL),
            row(SmtpVerb.QUIT,     LEAVE,       LEAVE,       LEAVE,       LEAVE,       LEAVE));
        // spotless:on

        private static Map.Entry<SmtpVerb, Map<SessionState, Transition>> row(
                SmtpVerb verb, Transition... steps) {
            Map<SessionState, Transition> byState = new EnumMap<>(SessionState.class);
            int column = 0;
            for (SessionState state : SessionState.values()) {
                if (state.takesCommands()) {
                    byState.put(state, steps[column++]);
                }
            }
            return Map.entry(verb, byState);
        }

        /// Returns what a verb does in a state that takes commands.
        static Transition of(SessionState state, SmtpVerb verb) {
            Map<SessionState, Transition> row = TABLE.get(verb);
            Transition step = row == null ? null : row.get(state);
            if (step == null) {
                throw new AssertionError(verb + " in " + state + ", which takes no commands");
            }
            return step;
        }
    }

    /// Returns the verb of a command that has one.
    static SmtpVerb verb(Command command) {
        return switch (command) {
            case Command.Helo _ -> SmtpVerb.HELO;
            case Command.Ehlo _ -> SmtpVerb.EHLO;
            case Command.Mail _ -> SmtpVerb.MAIL;
            case Command.Rcpt _ -> SmtpVerb.RCPT;
            case Command.Data _ -> SmtpVerb.DATA;
            case Command.Bdat _ -> SmtpVerb.BDAT;
            case Command.Rset _ -> SmtpVerb.RSET;
            case Command.Noop _ -> SmtpVerb.NOOP;
            case Command.Vrfy _ -> SmtpVerb.VRFY;
            case Command.Help _ -> SmtpVerb.HELP;
            case Command.StartTls _ -> SmtpVerb.STARTTLS;
            case Command.Auth _ -> SmtpVerb.AUTH;
            case Command.Quit _ -> SmtpVerb.QUIT;
            case Command.Unknown _, Command.Malformed _ -> throw new AssertionError(command);
        };
    }

    /// Counts a client's protocol errors. Mail clients make a few; those that send a refused
    /// message's text as commands make many, and are sent away.
    static final class ErrorCounter {

        /// As many since the last accepted message are answered one by one.
        static final int AT_MOST = 20;

        /// What says that a command can't be read, or asks for what is not offered.
        static final Set<ReplyCode> OF_FORM =
                Set.of(
                        ReplyCode.SYNTAX_ERROR,
                        ReplyCode.ARGUMENT_ERROR,
                        ReplyCode.PARAMETER_NOT_IMPLEMENTED,
                        ReplyCode.PARAMETERS_UNKNOWN);

        /// What counts as an error of the protocol beside it; a refused address or message is none.
        private static final Set<ReplyCode> OTHERS =
                Set.of(ReplyCode.NOT_IMPLEMENTED, ReplyCode.BAD_SEQUENCE);

        private int count;

        /// Returns the reply to give instead of `reply`: itself, or the last one.
        Reply counted(Reply reply) {
            boolean mistake =
                    reply.code().isPermanent()
                            && !reply.closesSession()
                            && (OF_FORM.contains(reply.code()) || OTHERS.contains(reply.code()));
            if (mistake) {
                count++;
            }
            return mistake && count > AT_MOST ? Replies.TOO_MANY_ERRORS : reply;
        }

        /// An accepted message makes good.
        void forgive() {
            count = 0;
        }
    }
}
