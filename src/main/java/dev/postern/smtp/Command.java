package dev.postern.smtp;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// A command line that was read (RFC 5321 §4.1): what the client wants, or why it cannot be told.
public sealed interface Command {
    /// The client names itself, in the old way.
    ///
    /// @param clientName as the client said it, `?` for all that is not printable ASCII
    record Helo(String clientName) implements Command {}

    /// The client names itself and asks what is offered.
    ///
    /// @param clientName as the client said it, `?` for all that is not printable ASCII
    record Ehlo(String clientName) implements Command {}

    /// Begins a transaction. What else its parameters say (BODY, AUTH) is accepted and means
    /// nothing to us (RFC 6152 §2, RFC 4954 §5).
    ///
    /// @param reversePath the address without brackets, perhaps without a domain; empty: null
    ///   reverse-path
    /// @param sizeOctets SIZE: the client's estimate (RFC 1870); `Long.MAX_VALUE` for more than
    ///   that
    /// @param smtpUtf8 whether SMTPUTF8 was said (RFC 6531)
    record Mail(String reversePath, OptionalLong sizeOctets, boolean smtpUtf8) implements Command {}

    /// Adds a recipient.
    ///
    /// @param forwardPath the address without brackets and source route, perhaps without a domain
    record Rcpt(String forwardPath) implements Command {}

    record Data() implements Command {}

    /// A chunk of content: its octets follow the line at once, whatever is answered (RFC 3030 §2).
    ///
    /// @param sizeOctets 0 or more
    record Bdat(long sizeOctets, boolean last) implements Command {}

    record Rset() implements Command {}

    record Noop() implements Command {}

    record Vrfy() implements Command {}

    record Help() implements Command {}

    record Quit() implements Command {}

    record StartTls() implements Command {}

    /// RFC 4954 §4.
    ///
    /// @param mechanism in capitals
    /// @param initialResponse as it came; null if there was none
    record Auth(String mechanism, @Nullable String initialResponse) implements Command {
        /// The response may be a password: it is left out.
        @Override
        public String toString() {
            return "Auth[mechanism=" + mechanism + "]";
        }
    }

    /// A verb that we do not know or do not implement; `reply` says which. The line is not kept: it
    /// may be a password out of step.
    record Unknown(Reply reply) implements Command {}

    /// A line that cannot be obeyed; `reply` says why, and may close the session.
    ///
    /// @param part what of a transaction it would have been
    /// @param spoken the address of MAIL or RCPT, as the client said it, or what stands for it;
    ///   empty for all other commands, whose arguments may be secrets
    record Malformed(Part part, Reply reply, String spoken) implements Command {

        /// What a command says of a transaction.
        public enum Part {
            SENDER,
            RECIPIENT,
            NEITHER
        }

        Malformed(Reply reply) {
            this(Part.NEITHER, reply, "");
        }
    }
}
