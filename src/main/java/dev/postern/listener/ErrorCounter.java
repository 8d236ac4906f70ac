package dev.postern.listener;

import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import dev.postern.smtp.ReplyCode;
import java.util.Set;

/// Counts a client's protocol errors. Mail clients make a few; those that send a refused message's
/// text as commands make many, and are sent away.
final class ErrorCounter {

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
        return mistake && count > AT_MOST ? Replies.tooManyErrors() : reply;
    }

    /// An accepted message makes good.
    void forgive() {
        count = 0;
    }
}
