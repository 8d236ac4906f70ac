package dev.postern.egress.http;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A message taken apart, for APIs that want its pieces.
///
/// @param fields its header section
/// @param from the first author, perhaps without a domain; null when the message names none
/// @param replyTo where answers go; empty: to the author
/// @param to whom its To fields name
/// @param cc whom its Cc fields name
/// @param subject decoded; empty without one
/// @param text the text/plain body, in pieces to be joined; empty without one
/// @param html the text/html body; null without one
/// @param amp the text/x-amp-html alternative; null without one
/// @param calendar the text/calendar alternative; null without one
/// @param attachments everything else, in its order
/// @param notCarried what has no place in any such API
record Rebuilt(
        Fields fields,
        @Nullable Mailbox from,
        List<Mailbox> replyTo,
        List<Mailbox> to,
        List<Mailbox> cc,
        String subject,
        List<Leaf> text,
        @Nullable Leaf html,
        @Nullable Leaf amp,
        @Nullable Leaf calendar,
        List<Attachment> attachments,
        List<String> notCarried) {

    Rebuilt {
        replyTo = List.copyOf(replyTo);
        to = List.copyOf(to);
        cc = List.copyOf(cc);
        text = List.copyOf(text);
        attachments = List.copyOf(attachments);
        notCarried = List.copyOf(notCarried);
    }

    /// A part that is no body.
    ///
    /// @param name its file name, never empty; made up where it has none
    /// @param type its media type, without parameters: `image/png`
    /// @param contentId without angle brackets; null without one (RFC 2392 §2)
    /// @param inline whether it is shown where the HTML refers to it
    /// @param leaf its octets
    record Attachment(
            String name, String type, @Nullable String contentId, boolean inline, Leaf leaf) {}
}
