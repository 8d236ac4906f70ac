package dev.postern.egress.http;

import java.util.List;
import java.util.Map;
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
/// @param html the text/html body, in pieces to be joined; empty without one
/// @param amp the text/x-amp-html alternative; null without one
/// @param calendar the text/calendar alternative, or the calendar that the message is; null without
///   one
/// @param attachments everything else, in its order
/// @param notCarried what has no place in any such API
record ParsedMessage(
        Fields fields,
        @Nullable Mailbox from,
        List<Mailbox> replyTo,
        List<Mailbox> to,
        List<Mailbox> cc,
        String subject,
        List<MimeLeaf> text,
        List<Shown> html,
        @Nullable MimeLeaf amp,
        @Nullable Attachment calendar,
        List<Attachment> attachments,
        List<String> notCarried) {

    ParsedMessage {
        replyTo = List.copyOf(replyTo);
        to = List.copyOf(to);
        cc = List.copyOf(cc);
        text = List.copyOf(text);
        html = List.copyOf(html);
        attachments = List.copyOf(attachments);
        notCarried = List.copyOf(notCarried);
    }

    /// A piece of the HTML.
    ///
    /// @param isHtml whether it is HTML itself, or a text to be shown as it is
    record Shown(MimeLeaf leaf, boolean isHtml) {}

    /// A part that is no body.
    ///
    /// @param name its file name, never empty
    /// @param isNamed whether the message says that name; else it is made up
    /// @param type its media type, without parameters: `image/png`
    /// @param parameters those of its type, but for the name
    /// @param contentId without angle brackets; null without one (RFC 2392 §2)
    /// @param disposition `inline`, `attachment`, something else or empty (RFC 2183 §2)
    /// @param isEmbedded whether it is found by its Content-ID, so can't go without one
    /// @param leaf its octets
    record Attachment(
            String name,
            boolean isNamed,
            String type,
            Map<String, String> parameters,
            @Nullable String contentId,
            String disposition,
            boolean isEmbedded,
            MimeLeaf leaf) {

        static final String INLINE = "inline";
        static final String ATTACHED = "attachment";

        Attachment {
            parameters = Map.copyOf(parameters);
        }

        /// Returns what it is called in what is told of it.
        String label() {
            return isNamed ? name : type;
        }

        /// Returns whether it is to be shown with the body.
        boolean isInline() {
            return disposition.equals(INLINE) || (isEmbedded && !disposition.equals(ATTACHED));
        }

        /// Returns the same as one that is found by its Content-ID.
        Attachment embedded() {
            return new Attachment(
                    name, isNamed, type, parameters, contentId, disposition, true, leaf);
        }
    }
}
