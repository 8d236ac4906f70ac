package dev.postern.smtp;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Every reply that the listener gives, by what it means.
public final class Replies {
    /// HELO or EHLO without a name (RFC 5321 §4.1.1.1). No enhanced status (RFC 2034 §4).
    public static final Reply CLIENT_NAME_MISSING =
            plain(ReplyCode.ARGUMENT_ERROR, "Say who you are: EHLO hostname");

    public static final Reply SENDER_OK = of(ReplyCode.OK, EnhancedStatus.SENDER_OK, "Sender ok");

    public static final Reply RECIPIENT_OK =
            of(ReplyCode.OK, EnhancedStatus.RECIPIENT_OK, "Recipient ok");

    public static final Reply START_CONTENT =
            plain(ReplyCode.START_CONTENT, "End data with <CR><LF>.<CR><LF>");

    public static final Reply OK = of(ReplyCode.OK, EnhancedStatus.OK, "Ok");

    /// VRFY never tells who exists (RFC 5321 §3.5.3, §7.3).
    public static final Reply NOT_VERIFIED =
            of(ReplyCode.NOT_VERIFIED, EnhancedStatus.OK, "Send some mail, I will try my best");

    public static final Reply GOODBYE = closing(ReplyCode.CLOSING, EnhancedStatus.OK, "Bye");

    public static final Reply READY_FOR_TLS =
            of(ReplyCode.READY, EnhancedStatus.OK, "Ready to start TLS");

    /// STARTTLS where no certificate is there, or could be read (RFC 3207 §4).
    public static final Reply TLS_NOT_AVAILABLE =
            of(
                    ReplyCode.TEMPORARY_AUTH_FAILURE,
                    EnhancedStatus.TRANSIENT_SECURITY,
                    "TLS not available now");

    /// `smtp.tls.required` (RFC 3207 §4).
    public static final Reply TLS_REQUIRED =
            of(ReplyCode.AUTH_REQUIRED, EnhancedStatus.SECURITY, "Must issue STARTTLS first");

    public static final Reply AUTH_OK =
            of(ReplyCode.AUTH_OK, EnhancedStatus.AUTH_OK, "Authentication successful");

    public static final Reply AUTH_FAILED =
            of(
                    ReplyCode.AUTH_FAILED,
                    EnhancedStatus.BAD_CREDENTIALS,
                    "Authentication credentials invalid");

    /// The credentials could not be checked (RFC 4954 §6).
    public static final Reply AUTH_TROUBLE =
            of(
                    ReplyCode.TEMPORARY_AUTH_FAILURE,
                    EnhancedStatus.TRANSIENT_SECURITY,
                    "Temporary authentication failure");

    public static final Reply AUTH_FAILED_TOO_OFTEN = sentAway("Too many failed authentications");

    /// The client sent `*` (RFC 4954 §4).
    public static final Reply AUTH_CANCELLED =
            of(ReplyCode.ARGUMENT_ERROR, EnhancedStatus.SECURITY, "Authentication cancelled");

    /// A response that is not base64 (RFC 4954 §4).
    public static final Reply AUTH_NOT_BASE64 =
            of(ReplyCode.ARGUMENT_ERROR, EnhancedStatus.SYNTAX_ERROR, "Cannot decode the response");

    public static final Reply AUTH_MECHANISM_UNKNOWN =
            of(
                    ReplyCode.PARAMETER_NOT_IMPLEMENTED,
                    EnhancedStatus.INVALID_ARGUMENTS,
                    "Authentication mechanism not supported");

    /// AUTH in the clear where that is not offered (RFC 4954 §6).
    public static final Reply AUTH_NEEDS_TLS =
            of(
                    ReplyCode.ENCRYPTION_REQUIRED,
                    EnhancedStatus.ENCRYPTION_NEEDED,
                    "Encryption required for authentication");

    /// A line of an AUTH exchange over 12288 octets (RFC 4954 §4).
    public static final Reply AUTH_LINE_TOO_LONG =
            of(ReplyCode.SYNTAX_ERROR, EnhancedStatus.AUTH_LINE_TOO_LONG, "Line too long");

    /// Who must log in first (RFC 4954 §6).
    public static final Reply AUTH_REQUIRED =
            of(ReplyCode.AUTH_REQUIRED, EnhancedStatus.SECURITY, "Authentication required");

    /// Who may not submit at all.
    public static final Reply SUBMISSION_REFUSED =
            of(ReplyCode.REFUSED, EnhancedStatus.NOT_AUTHORIZED, "Not allowed to submit mail here");

    /// DATA or BDAT after no RCPT was accepted (RFC 5321 §3.3).
    public static final Reply NO_VALID_RECIPIENTS =
            of(ReplyCode.FAILED, EnhancedStatus.INVALID_COMMAND, "No valid recipients");

    public static final Reply UNRECOGNISED =
            of(ReplyCode.SYNTAX_ERROR, EnhancedStatus.INVALID_COMMAND, "Command not recognised");

    public static final Reply NOT_IMPLEMENTED =
            of(
                    ReplyCode.NOT_IMPLEMENTED,
                    EnhancedStatus.INVALID_COMMAND,
                    "Command not implemented");

    /// A line that no command can be read from, by its octets.
    public static final Reply BAD_LINE =
            of(
                    ReplyCode.SYNTAX_ERROR,
                    EnhancedStatus.SYNTAX_ERROR,
                    "Control characters are not allowed in commands");

    /// RFC 5321 §4.5.3.1.10.
    public static final Reply LINE_TOO_LONG =
            of(ReplyCode.SYNTAX_ERROR, EnhancedStatus.SYNTAX_ERROR, "Line too long");

    /// A command line that ends in LF: what follows it cannot be trusted (SMTP smuggling).
    public static final Reply BARE_LINE_FEED =
            closing(
                    ReplyCode.SYNTAX_ERROR,
                    EnhancedStatus.SYNTAX_ERROR,
                    "Lines end in <CR><LF>, nothing else");

    /// An HTTP request: a web page is trying to have a browser send mail by us.
    public static final Reply NOT_HTTP = sentAway("This is not HTTP");

    public static final Reply TOO_MANY_ERRORS = sentAway("Too many errors");

    /// A BDAT whose octets cannot be told from commands.
    static final Reply BAD_CHUNK_SIZE =
            closing(ReplyCode.ARGUMENT_ERROR, EnhancedStatus.INVALID_ARGUMENTS, "BDAT size [LAST]");

    /// A non-ASCII address in a transaction without SMTPUTF8 (RFC 6531 §3.5).
    public static final Reply NON_ASCII_ADDRESS =
            of(
                    ReplyCode.NAME_NOT_ALLOWED,
                    EnhancedStatus.NON_ASCII_ADDRESS,
                    "Non-ASCII address without SMTPUTF8");

    /// RFC 5321 §4.5.3.1.10; the client is to send to the rest in another transaction.
    public static final Reply TOO_MANY_RECIPIENTS =
            of(ReplyCode.NO_STORAGE, EnhancedStatus.TOO_MANY_RECIPIENTS, "Too many recipients");

    /// All clients together address as many recipients as fit (RFC 5321 §4.5.3.1.10).
    public static final Reply NO_ROOM_FOR_RECIPIENT =
            of(
                    ReplyCode.NO_STORAGE,
                    EnhancedStatus.TOO_MANY_RECIPIENTS,
                    "Too many recipients at once, try again later");

    /// RFC 1870 §6.
    public static final Reply MESSAGE_TOO_BIG =
            of(ReplyCode.TOO_BIG, EnhancedStatus.MESSAGE_TOO_BIG, "Message exceeds the size limit");

    public static final Reply BARE_NEWLINES =
            of(
                    ReplyCode.REFUSED,
                    EnhancedStatus.CONTENT_REFUSED,
                    "Message contains bare <CR> or <LF>");

    public static final Reply TOO_MANY_HOPS =
            of(ReplyCode.FAILED, EnhancedStatus.ROUTING_LOOP, "Too many hops: mail is looping");

    public static final Reply SPOOL_FULL =
            of(ReplyCode.NO_STORAGE, EnhancedStatus.SYSTEM_FULL, "Insufficient system storage");

    public static final Reply SPOOL_TROUBLE =
            of(
                    ReplyCode.LOCAL_ERROR,
                    EnhancedStatus.SYSTEM_TROUBLE,
                    "Local error, try again later");

    public static final Reply TOO_MANY_CONNECTIONS =
            sentAway("Too many connections, try again later");

    /// The session of a client that does nothing ends, since others need its place.
    public static final Reply GAVE_WAY = sentAway("Other clients need the room, try again later");

    public static final Reply SHUTTING_DOWN =
            closing(ReplyCode.NOT_AVAILABLE, EnhancedStatus.NOT_ACCEPTING, "Shutting down");

    /// RFC 5321 §4.5.3.2.
    public static final Reply IDLE_TIMEOUT =
            closing(ReplyCode.NOT_AVAILABLE, EnhancedStatus.BAD_CONNECTION, "Idle for too long");

    private Replies() {}

    /// The greeting (RFC 5321 §4.3.1).
    public static Reply greeting(String hostname) {
        return plain(ReplyCode.READY, hostname + " ESMTP Postern");
    }

    public static Reply helo(String hostname) {
        return plain(ReplyCode.OK, hostname);
    }

    /// The answer to EHLO; `offers` are lines of [Extension#offer].
    public static Reply ehlo(String hostname, List<String> offers) {
        List<String> lines = new ArrayList<>(List.of(hostname));
        lines.addAll(offers);
        return new Reply(ReplyCode.OK, null, lines, false);
    }

    /// A BDAT chunk that is not the last was taken (RFC 3030 §2).
    public static Reply chunkOk(long octets) {
        return of(ReplyCode.OK, EnhancedStatus.OK, octets + " octets received");
    }

    /// The message is durable here.
    public static Reply queued(String queueId) {
        return of(ReplyCode.OK, EnhancedStatus.OK, "Ok: queued as " + queueId);
    }

    /// An egress took the message; `words` is what the next hop said.
    public static Reply sent(String queueId, String egress, String words) {
        String text = "Ok: sent as " + queueId + " via " + egress + ": " + firstLine(words);
        return of(ReplyCode.OK, EnhancedStatus.OK, text);
    }

    /// The answer to HELP, whose argument is of no concern.
    ///
    /// @param verbs what is offered now
    public static Reply help(List<String> verbs) {
        return of(ReplyCode.HELP, EnhancedStatus.OK, String.join(" ", verbs));
    }

    /// A step of an AUTH exchange (RFC 4954 §4); `base64` is sent as it is and may be empty.
    public static Reply authChallenge(String base64) {
        return plain(ReplyCode.AUTH_CHALLENGE, base64);
    }

    /// A command out of order; `text` says which one is wanted (RFC 5321 §4.1.4).
    public static Reply badSequence(String text) {
        return of(ReplyCode.BAD_SEQUENCE, EnhancedStatus.INVALID_COMMAND, text);
    }

    /// A command's arguments are wrong; `text` is the right form.
    public static Reply badArguments(String text) {
        return of(ReplyCode.ARGUMENT_ERROR, EnhancedStatus.INVALID_ARGUMENTS, text);
    }

    static Reply badSyntax(String text) {
        return of(ReplyCode.ARGUMENT_ERROR, EnhancedStatus.SYNTAX_ERROR, text);
    }

    static Reply badSender(String text) {
        return of(ReplyCode.ARGUMENT_ERROR, EnhancedStatus.BAD_SENDER_SYNTAX, text);
    }

    static Reply badRecipient(String text) {
        return of(ReplyCode.ARGUMENT_ERROR, EnhancedStatus.BAD_RECIPIENT_SYNTAX, text);
    }

    /// A parameter of MAIL or RCPT that is not offered (RFC 5321 §4.1.1.11).
    static Reply parameterUnknown(String keyword) {
        return of(
                ReplyCode.PARAMETERS_UNKNOWN,
                EnhancedStatus.INVALID_ARGUMENTS,
                "Parameter not supported: " + keyword);
    }

    /// A bare local part that nothing completes.
    public static Reply unqualifiedRecipient(String localPart) {
        return of(
                ReplyCode.REFUSED,
                EnhancedStatus.BAD_RECIPIENT_SYNTAX,
                "No domain in <" + localPart + ">: set qualify-domain or aliases");
    }

    /// A bare local part as the sender, that nothing completes.
    public static Reply unqualifiedSender(String localPart) {
        return of(
                ReplyCode.REFUSED,
                EnhancedStatus.BAD_SENDER_SYNTAX,
                "No domain in <" + localPart + ">: set qualify-domain");
    }

    /// `acknowledge: sent` and nothing took the message; nothing is kept.
    public static Reply notSent(String text) {
        return of(ReplyCode.LOCAL_ERROR, EnhancedStatus.NO_ANSWER_FROM_HOST, firstLine(text));
    }

    /// The next hop's refusal, under `acknowledge: sent`, in its own words. An enhanced status of
    /// another class, or none, becomes `X.0.0`.
    public static Reply upstreamRefusal(
            ReplyCode code, @Nullable EnhancedStatus status, String words) {
        EnhancedStatus ours = new EnhancedStatus(code.classDigit(), 0, 0);
        if (status != null && status.classDigit() == code.classDigit()) {
            ours = status;
        }
        return of(code, ours, firstLine(words));
    }

    private static Reply of(ReplyCode code, EnhancedStatus status, String text) {
        return new Reply(code, status, List.of(text), false);
    }

    private static Reply closing(ReplyCode code, EnhancedStatus status, String text) {
        return new Reply(code, status, List.of(text), true);
    }

    /// The end of a session that is not wanted any more.
    private static Reply sentAway(String text) {
        return closing(ReplyCode.NOT_AVAILABLE, EnhancedStatus.TRANSIENT_SECURITY, text);
    }

    /// A reply that has no enhanced status: 3yz, and all to HELO, EHLO and the greeting (RFC 2034
    /// §4).
    private static Reply plain(ReplyCode code, String... lines) {
        return new Reply(code, null, List.of(lines), false);
    }

    private static String firstLine(String words) {
        return words.lines().findFirst().orElse("");
    }
}
