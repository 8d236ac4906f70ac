package dev.postern.smtp;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Every reply that the listener gives, by what it means.
public final class Replies {
    private Replies() {}

    /// The greeting (RFC 5321 §4.3.1).
    public static Reply greeting(String hostname) {
        return Reply.plain(ReplyCode.READY, hostname + " ESMTP Postern");
    }

    public static Reply helo(String hostname) {
        return Reply.plain(ReplyCode.OK, hostname);
    }

    /// The answer to EHLO; `offers` are lines of [Extension#offer].
    public static Reply ehlo(String hostname, List<String> offers) {
        List<String> lines = new ArrayList<>();
        lines.add(hostname);
        lines.addAll(offers);
        return new Reply(ReplyCode.OK, null, lines, Reply.Then.CONTINUE);
    }

    /// HELO or EHLO without a name (RFC 5321 §4.1.1.1). No enhanced status (RFC 2034 §4).
    public static Reply clientNameMissing() {
        return Reply.plain(ReplyCode.ARGUMENT_ERROR, "Say who you are: EHLO hostname");
    }

    public static Reply senderOk() {
        return Reply.of(ReplyCode.OK, EnhancedStatus.SENDER_OK, "Sender ok");
    }

    public static Reply recipientOk() {
        return Reply.of(ReplyCode.OK, EnhancedStatus.RECIPIENT_OK, "Recipient ok");
    }

    public static Reply startContent() {
        return Reply.plain(ReplyCode.START_CONTENT, "End data with <CR><LF>.<CR><LF>");
    }

    /// A BDAT chunk that is not the last was taken (RFC 3030 §2).
    public static Reply chunkOk(long octets) {
        return Reply.of(ReplyCode.OK, EnhancedStatus.OK, octets + " octets received");
    }

    /// The message is durable here.
    public static Reply queued(String queueId) {
        return Reply.of(ReplyCode.OK, EnhancedStatus.OK, "Ok: queued as " + queueId);
    }

    /// An egress took the message; `words` is what the next hop said.
    public static Reply sent(String queueId, String egress, String words) {
        String text = "Ok: sent as " + queueId + " via " + egress + ": " + firstLine(words);
        return Reply.of(ReplyCode.OK, EnhancedStatus.OK, text);
    }

    public static Reply ok() {
        return Reply.of(ReplyCode.OK, EnhancedStatus.OK, "Ok");
    }

    /// VRFY never tells who exists (RFC 5321 §3.5.3, §7.3).
    public static Reply notVerified() {
        return Reply.of(
                ReplyCode.NOT_VERIFIED, EnhancedStatus.OK, "Send some mail, I will try my best");
    }

    /// The answer to HELP, whose argument is of no concern.
    ///
    /// @param verbs what is offered now
    public static Reply help(List<String> verbs) {
        return Reply.of(ReplyCode.HELP, EnhancedStatus.OK, String.join(" ", verbs));
    }

    public static Reply goodbye() {
        return Reply.closing(ReplyCode.CLOSING, EnhancedStatus.OK, "Bye");
    }

    public static Reply readyForTls() {
        return Reply.of(ReplyCode.READY, EnhancedStatus.OK, "Ready to start TLS");
    }

    /// STARTTLS where no certificate is there, or could be read (RFC 3207 §4).
    public static Reply tlsNotAvailable() {
        return Reply.of(
                ReplyCode.TEMPORARY_AUTH_FAILURE,
                EnhancedStatus.TRANSIENT_SECURITY,
                "TLS not available now");
    }

    /// `smtp.tls.required` (RFC 3207 §4).
    public static Reply tlsRequired() {
        return Reply.of(
                ReplyCode.AUTH_REQUIRED, EnhancedStatus.SECURITY, "Must issue STARTTLS first");
    }

    public static Reply authOk() {
        return Reply.of(ReplyCode.AUTH_OK, EnhancedStatus.AUTH_OK, "Authentication successful");
    }

    /// A step of an AUTH exchange (RFC 4954 §4); `base64` is sent as it is and may be empty.
    public static Reply authChallenge(String base64) {
        return Reply.plain(ReplyCode.AUTH_CHALLENGE, base64);
    }

    public static Reply authFailed() {
        return Reply.of(
                ReplyCode.AUTH_FAILED,
                EnhancedStatus.BAD_CREDENTIALS,
                "Authentication credentials invalid");
    }

    /// The credentials could not be checked (RFC 4954 §6).
    public static Reply authTrouble() {
        return Reply.of(
                ReplyCode.TEMPORARY_AUTH_FAILURE,
                EnhancedStatus.TRANSIENT_SECURITY,
                "Temporary authentication failure");
    }

    public static Reply authFailedTooOften() {
        return Reply.closing(
                ReplyCode.NOT_AVAILABLE,
                EnhancedStatus.TRANSIENT_SECURITY,
                "Too many failed authentications");
    }

    /// The client sent `*` (RFC 4954 §4).
    public static Reply authCancelled() {
        return Reply.of(
                ReplyCode.ARGUMENT_ERROR, EnhancedStatus.SECURITY, "Authentication cancelled");
    }

    /// A response that is not base64 (RFC 4954 §4).
    public static Reply authNotBase64() {
        return Reply.of(
                ReplyCode.ARGUMENT_ERROR,
                EnhancedStatus.SYNTAX_ERROR,
                "Cannot decode the response");
    }

    public static Reply authMechanismUnknown() {
        return Reply.of(
                ReplyCode.PARAMETER_NOT_IMPLEMENTED,
                EnhancedStatus.INVALID_ARGUMENTS,
                "Authentication mechanism not supported");
    }

    /// AUTH in the clear where that is not offered (RFC 4954 §6).
    public static Reply authNeedsTls() {
        return Reply.of(
                ReplyCode.ENCRYPTION_REQUIRED,
                EnhancedStatus.ENCRYPTION_NEEDED,
                "Encryption required for authentication");
    }

    /// A line of an AUTH exchange over 12288 octets (RFC 4954 §4).
    public static Reply authLineTooLong() {
        return Reply.of(ReplyCode.SYNTAX_ERROR, EnhancedStatus.AUTH_LINE_TOO_LONG, "Line too long");
    }

    /// Who must log in first (RFC 4954 §6).
    public static Reply authRequired() {
        return Reply.of(
                ReplyCode.AUTH_REQUIRED, EnhancedStatus.SECURITY, "Authentication required");
    }

    /// Who may not submit at all.
    public static Reply submissionRefused() {
        return Reply.of(
                ReplyCode.REFUSED,
                EnhancedStatus.NOT_AUTHORIZED,
                "Not allowed to submit mail here");
    }

    /// A command out of order; `text` says which one is wanted (RFC 5321 §4.1.4).
    public static Reply badSequence(String text) {
        return Reply.of(ReplyCode.BAD_SEQUENCE, EnhancedStatus.INVALID_COMMAND, text);
    }

    /// DATA or BDAT after no RCPT was accepted (RFC 5321 §3.3).
    public static Reply noValidRecipients() {
        return Reply.of(ReplyCode.FAILED, EnhancedStatus.INVALID_COMMAND, "No valid recipients");
    }

    public static Reply unrecognised() {
        return Reply.of(
                ReplyCode.SYNTAX_ERROR, EnhancedStatus.INVALID_COMMAND, "Command not recognised");
    }

    public static Reply notImplemented() {
        return Reply.of(
                ReplyCode.NOT_IMPLEMENTED,
                EnhancedStatus.INVALID_COMMAND,
                "Command not implemented");
    }

    /// A line that no command can be read from, by its octets.
    public static Reply badLine() {
        return Reply.of(
                ReplyCode.SYNTAX_ERROR,
                EnhancedStatus.SYNTAX_ERROR,
                "Control characters are not allowed in commands");
    }

    /// RFC 5321 §4.5.3.1.10.
    public static Reply lineTooLong() {
        return Reply.of(ReplyCode.SYNTAX_ERROR, EnhancedStatus.SYNTAX_ERROR, "Line too long");
    }

    /// A command line that ends in LF: what follows it cannot be trusted (SMTP smuggling).
    public static Reply bareLineFeed() {
        return Reply.closing(
                ReplyCode.SYNTAX_ERROR,
                EnhancedStatus.SYNTAX_ERROR,
                "Lines end in <CR><LF>, nothing else");
    }

    /// An HTTP request: a web page is trying to have a browser send mail by us.
    public static Reply notHttp() {
        return Reply.closing(
                ReplyCode.NOT_AVAILABLE, EnhancedStatus.TRANSIENT_SECURITY, "This is not HTTP");
    }

    public static Reply tooManyErrors() {
        return Reply.closing(
                ReplyCode.NOT_AVAILABLE, EnhancedStatus.TRANSIENT_SECURITY, "Too many errors");
    }

    /// A command's arguments are wrong; `text` is the right form.
    public static Reply badArguments(String text) {
        return Reply.of(ReplyCode.ARGUMENT_ERROR, EnhancedStatus.INVALID_ARGUMENTS, text);
    }

    static Reply badSyntax(String text) {
        return Reply.of(ReplyCode.ARGUMENT_ERROR, EnhancedStatus.SYNTAX_ERROR, text);
    }

    /// A BDAT whose octets cannot be told from commands.
    static Reply badChunkSize() {
        return Reply.closing(
                ReplyCode.ARGUMENT_ERROR, EnhancedStatus.INVALID_ARGUMENTS, "BDAT size [LAST]");
    }

    static Reply badSender(String text) {
        return Reply.of(ReplyCode.ARGUMENT_ERROR, EnhancedStatus.BAD_SENDER_SYNTAX, text);
    }

    static Reply badRecipient(String text) {
        return Reply.of(ReplyCode.ARGUMENT_ERROR, EnhancedStatus.BAD_RECIPIENT_SYNTAX, text);
    }

    /// A parameter of MAIL or RCPT that is not offered (RFC 5321 §4.1.1.11).
    static Reply parameterUnknown(String keyword) {
        return Reply.of(
                ReplyCode.PARAMETERS_UNKNOWN,
                EnhancedStatus.INVALID_ARGUMENTS,
                "Parameter not supported: " + keyword);
    }

    /// A non-ASCII address in a transaction without SMTPUTF8 (RFC 6531 §3.5).
    public static Reply nonAsciiAddress() {
        return Reply.of(
                ReplyCode.NAME_NOT_ALLOWED,
                EnhancedStatus.NON_ASCII_ADDRESS,
                "Non-ASCII address without SMTPUTF8");
    }

    /// A bare local part that nothing completes.
    public static Reply unqualifiedRecipient(String localPart) {
        return Reply.of(
                ReplyCode.REFUSED,
                EnhancedStatus.BAD_RECIPIENT_SYNTAX,
                "No domain in <" + localPart + ">: set qualify-domain or aliases");
    }

    /// A bare local part as the sender, that nothing completes.
    public static Reply unqualifiedSender(String localPart) {
        return Reply.of(
                ReplyCode.REFUSED,
                EnhancedStatus.BAD_SENDER_SYNTAX,
                "No domain in <" + localPart + ">: set qualify-domain");
    }

    /// RFC 5321 §4.5.3.1.10; the client is to send to the rest in another transaction.
    public static Reply tooManyRecipients() {
        return Reply.of(
                ReplyCode.NO_STORAGE, EnhancedStatus.TOO_MANY_RECIPIENTS, "Too many recipients");
    }

    /// All clients together address as many recipients as fit (RFC 5321 §4.5.3.1.10).
    public static Reply noRoomForRecipient() {
        return Reply.of(
                ReplyCode.NO_STORAGE,
                EnhancedStatus.TOO_MANY_RECIPIENTS,
                "Too many recipients at once, try again later");
    }

    /// RFC 1870 §6.
    public static Reply messageTooBig() {
        return Reply.of(
                ReplyCode.TOO_BIG,
                EnhancedStatus.MESSAGE_TOO_BIG,
                "Message exceeds the size limit");
    }

    public static Reply bareNewlines() {
        return Reply.of(
                ReplyCode.REFUSED,
                EnhancedStatus.CONTENT_REFUSED,
                "Message contains bare <CR> or <LF>");
    }

    public static Reply tooManyHops() {
        return Reply.of(
                ReplyCode.FAILED, EnhancedStatus.ROUTING_LOOP, "Too many hops: mail is looping");
    }

    public static Reply spoolFull() {
        return Reply.of(
                ReplyCode.NO_STORAGE, EnhancedStatus.SYSTEM_FULL, "Insufficient system storage");
    }

    public static Reply spoolTrouble() {
        return Reply.of(
                ReplyCode.LOCAL_ERROR,
                EnhancedStatus.SYSTEM_TROUBLE,
                "Local error, try again later");
    }

    /// `acknowledge: sent` and nothing took the message; nothing is kept.
    public static Reply notSent(String text) {
        return Reply.of(ReplyCode.LOCAL_ERROR, EnhancedStatus.NO_ANSWER_FROM_HOST, firstLine(text));
    }

    /// The next hop's refusal, under `acknowledge: sent`, in its own words. An enhanced status of
    /// another class, or none, becomes `X.0.0`.
    public static Reply upstreamRefusal(
            ReplyCode code, @Nullable EnhancedStatus status, String words) {
        EnhancedStatus ours = new EnhancedStatus(code.classDigit(), 0, 0);
        if (status != null && status.classDigit() == code.classDigit()) {
            ours = status;
        }
        return Reply.of(code, ours, firstLine(words));
    }

    public static Reply tooManyConnections() {
        return Reply.closing(
                ReplyCode.NOT_AVAILABLE,
                EnhancedStatus.TRANSIENT_SECURITY,
                "Too many connections, try again later");
    }

    /// The session of a client that does nothing ends, since others need its place.
    public static Reply gaveWay() {
        return Reply.closing(
                ReplyCode.NOT_AVAILABLE,
                EnhancedStatus.TRANSIENT_SECURITY,
                "Other clients need the room, try again later");
    }

    public static Reply shuttingDown() {
        return Reply.closing(
                ReplyCode.NOT_AVAILABLE, EnhancedStatus.NOT_ACCEPTING, "Shutting down");
    }

    /// RFC 5321 §4.5.3.2.
    public static Reply idleTimeout() {
        return Reply.closing(
                ReplyCode.NOT_AVAILABLE, EnhancedStatus.BAD_CONNECTION, "Idle for too long");
    }

    private static String firstLine(String words) {
        return words.lines().findFirst().orElse("");
    }
}
