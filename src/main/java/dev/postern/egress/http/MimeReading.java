package dev.postern.egress.http;

import dev.postern.egress.http.PartScan.Part;
import dev.postern.egress.http.Rebuilt.Attachment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The one reading of MIME (RFC 2045, RFC 2046): takes a message apart into what APIs want of it.
///
/// **Purpose.** Finds text, HTML and its kin, attachments and inline parts in any tree of parts.
///
/// **Contract.** No octet of a part is kept in memory. Whatever is broken is read as well as can
/// be: there is a result for every message within the limits. What the result can't express stands
/// in `notCarried`.
///
/// **Diagnostics.** Thrown is `IOException`, when the content can't be read, and [BeyondLimit].
///
/// **Limits.** Those of [Allowance].
final class MimeReading {

    private static final String PLAIN = PartScan.PLAIN;
    private static final String HTML = "text/html";
    private static final String AMP = "text/x-amp-html";
    private static final String CALENDAR = "text/calendar";

    private static final Set<String> SEALED =
            Set.of("application/pkcs7-mime", "application/x-pkcs7-mime");

    /// What a file of a type is called where nobody says.
    static final Map<String, String> EXTENSIONS =
            Map.ofEntries(
                    Map.entry(PLAIN, "txt"),
                    Map.entry(HTML, "html"),
                    Map.entry(CALENDAR, "ics"),
                    Map.entry("text/csv", "csv"),
                    Map.entry("text/rfc822-headers", "txt"),
                    Map.entry("message/rfc822", "eml"),
                    Map.entry("message/delivery-status", "txt"),
                    Map.entry("message/disposition-notification", "txt"),
                    Map.entry("image/png", "png"),
                    Map.entry("image/jpeg", "jpg"),
                    Map.entry("image/gif", "gif"),
                    Map.entry("image/svg+xml", "svg"),
                    Map.entry("application/pdf", "pdf"),
                    Map.entry("application/zip", "zip"),
                    Map.entry("application/json", "json"),
                    Map.entry("application/xml", "xml"),
                    Map.entry("application/pgp-signature", "asc"),
                    Map.entry("application/pgp-encrypted", "asc"),
                    Map.entry("application/pkcs7-signature", "p7s"),
                    Map.entry("application/x-pkcs7-signature", "p7s"),
                    Map.entry("application/pkcs7-mime", "p7m"),
                    Map.entry("application/x-pkcs7-mime", "p7m"));

    /// How a part stands among others.
    private enum Place {
        /// One after the other, as in multipart/mixed.
        SEQUENCE,
        /// One of several forms of the same.
        ALTERNATIVE,
        /// What the root of a multipart/related refers to (RFC 2387).
        RELATED,
        /// Never a body.
        ATTACHED
    }

    private final ContentCursor content;
    private final List<Leaf> text = new ArrayList<>();
    private final List<Attachment> attachments = new ArrayList<>();
    private final Losses notCarried = new Losses();
    private @Nullable Leaf html;
    private @Nullable Leaf amp;
    private @Nullable Leaf calendar;

    private MimeReading(ContentCursor content) {
        this.content = content;
    }

    /// Takes a message apart.
    ///
    /// @throws IOException when the content can't be read
    /// @throws BeyondLimit when it has more of something than is read
    static Rebuilt read(ContentCursor content) throws IOException, BeyondLimit {
        PartScan.Found found = PartScan.of(content);
        Fields fields = found.whole().fields();
        MimeReading reading = new MimeReading(content);
        reading.part(found.whole(), Place.SEQUENCE, true);
        Allowance allowance = found.allowance();
        if (reading.mailboxes(fields, "From", allowance).size() > 1) {
            reading.notCarried.add("From: other authors");
        }
        return new Rebuilt(
                fields,
                Mailbox.author(fields),
                reading.mailboxes(fields, "Reply-To", allowance),
                reading.mailboxes(fields, "To", allowance),
                reading.mailboxes(fields, "Cc", allowance),
                fields.first("Subject").map(HeaderText::decode).orElse(""),
                reading.text,
                reading.html,
                reading.amp,
                reading.calendar,
                reading.attachments,
                reading.notCarried.all());
    }

    private List<Mailbox> mailboxes(Fields fields, String name, Allowance allowance)
            throws IOException, BeyondLimit {
        List<Mailbox> all = new ArrayList<>();
        for (Fields.Raw value : fields.values(name)) {
            Mailbox.Listed listed = Mailbox.list(value);
            allowance.addresses(listed.mailboxes().size());
            all.addAll(listed.mailboxes());
            listed.others().forEach(other -> notCarried.add(name + ": " + other));
            listed.groups().forEach(group -> notCarried.add(name + ": group " + group));
        }
        return all;
    }

    private void part(Part part, Place place, boolean whole) throws IOException, BeyondLimit {
        if (part.losesLines()) {
            notCarried.add("header lines that are no fields");
        }
        Parameters type = part.type();
        if (!part.isMultipart()) {
            leaf(part, type, place, whole);
        } else if (part.children().isEmpty()) {
            // No boundary, or nothing between two of them: its text is all there is.
            notCarried.add(type.value() + " without parts");
            leaf(part, new Parameters(PLAIN, Map.of()), place, whole);
        } else {
            multipart(type, part.children(), place);
        }
    }

    private void multipart(Parameters type, List<Part> children, Place place)
            throws IOException, BeyondLimit {
        boolean attached = place == Place.ATTACHED;
        switch (type.value()) {
            case "multipart/alternative" ->
                    sequence(children, attached ? place : Place.ALTERNATIVE);
            case "multipart/related" -> related(type, children, place);
            case "multipart/signed", "multipart/report" -> {
                notCarried.add(type.value());
                sequence(children, place);
            }
            case "multipart/encrypted" -> {
                notCarried.add(type.value());
                sequence(children, Place.ATTACHED);
            }
            default -> sequence(children, place);
        }
    }

    private void sequence(List<Part> children, Place place) throws IOException, BeyondLimit {
        for (Part child : children) {
            part(child, place, false);
        }
    }

    private void related(Parameters type, List<Part> children, Place place)
            throws IOException, BeyondLimit {
        String start = bare(type.get("start"));
        int root = 0;
        for (int i = 0; i < children.size() && !start.isEmpty(); i++) {
            if (bare(HeaderText.decode(children.get(i).first("Content-ID"))).equals(start)) {
                root = i;
            }
        }
        part(children.get(root), place, false);
        for (int i = 0; i < children.size(); i++) {
            if (i != root) {
                part(children.get(i), place == Place.ATTACHED ? place : Place.RELATED, false);
            }
        }
    }

    private void leaf(Part part, Parameters type, Place place, boolean whole)
            throws IOException, BeyondLimit {
        Parameters disposition = Parameters.parse(part.first("Content-Disposition"));
        Leaf leaf =
                new Leaf(
                        part.octets(content),
                        type.get("charset"),
                        Parameters.parse(part.first("Content-Transfer-Encoding")).value());
        if (!whole && !part.isHeaded() && leaf.isBlank()) {
            // A boundary that should have been the last one.
            return;
        }
        String named = disposition.get("filename");
        String name = named.isEmpty() ? type.get("name") : named;
        boolean mayBeBody =
                place != Place.ATTACHED
                        && !disposition.value().equals("attachment")
                        && (name.isEmpty() || whole || place == Place.ALTERNATIVE);
        if (mayBeBody && becomesBody(leaf, type, place)) {
            noteGuess(leaf, type);
        } else {
            attach(part, type, name, disposition.value(), place, leaf);
        }
    }

    private void noteGuess(Leaf leaf, Parameters type) throws IOException {
        if (leaf.isGuessed()) {
            notCarried.add("charset " + leaf.charsetName() + " of " + type.value());
        }
    }

    private boolean becomesBody(Leaf leaf, Parameters type, Place place) {
        boolean alternative = place == Place.ALTERNATIVE;
        boolean first = text.isEmpty() && html == null;
        switch (type.value()) {
            case PLAIN -> {
                // Text after text is shown below it, as the footers of mailing lists are.
                boolean more = !alternative && html == null && place == Place.SEQUENCE;
                if (!first && !more && !(alternative && text.isEmpty())) {
                    return false;
                }
                text.add(leaf);
            }
            case HTML -> {
                if (html != null || !(alternative || first)) {
                    return false;
                }
                html = leaf;
            }
            case AMP -> {
                if (amp != null || !alternative) {
                    return false;
                }
                amp = leaf;
            }
            case CALENDAR -> {
                if (calendar != null || !alternative) {
                    return false;
                }
                calendar = leaf;
                notCarried.addAll(methodOf(type));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /// Whether it invites, cancels or answers is in a parameter that no such API takes.
    private static List<String> methodOf(Parameters type) {
        String method = type.get("method");
        return method.isEmpty() ? List.of() : List.of("text/calendar method=" + method);
    }

    private void attach(
            Part part, Parameters type, String name, String disposition, Place place, Leaf leaf) {
        String contentId = bare(HeaderText.decode(part.first("Content-ID")));
        boolean inline =
                !contentId.isEmpty() && (place == Place.RELATED || disposition.equals("inline"));
        attachments.add(
                new Attachment(
                        name.isEmpty() ? madeUp(type.value()) : name,
                        type.value(),
                        contentId.isEmpty() ? null : contentId,
                        inline,
                        leaf));
        if (SEALED.contains(type.value())) {
            notCarried.add(type.value() + " as the message's form");
        }
    }

    private String madeUp(String type) {
        String extension = EXTENSIONS.getOrDefault(type, "bin");
        return "attachment-" + (attachments.size() + 1) + "." + extension;
    }

    private static String bare(String contentId) {
        String id = contentId.strip();
        int from = id.startsWith("<") ? 1 : 0;
        int to = id.endsWith(">") ? id.length() - 1 : id.length();
        return id.substring(Math.min(from, to), to).strip();
    }
}
