package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.egress.http.Rebuilt.Attachment;
import jakarta.activation.DataSource;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMultipart;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The one reading of MIME (RFC 2045, RFC 2046): takes a message apart into what APIs want of it.
///
/// **Purpose.** Finds text, HTML and its kin, attachments and inline parts in any tree of parts.
///
/// **Contract.** No octet of a part is kept in memory. Whatever is broken is read as well as can
/// be: there is a result for every message. What the result can't express stands in `notCarried`.
///
/// **Diagnostics.** Thrown is only `IOException`, when the content can't be read.
///
/// **Limits.** Parts nested deeper than [#DEPTH_LIMIT] and more than [#PARTS_LIMIT] stay in one
/// piece and become an attachment.
final class MimeReading {

    static final int DEPTH_LIMIT = 40;
    static final int PARTS_LIMIT = 1000;

    private static final String MIXED = "multipart/mixed";
    private static final String PLAIN = "text/plain";
    private static final String HTML = "text/html";
    private static final String AMP = "text/x-amp-html";
    private static final String CALENDAR = "text/calendar";

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

    private final List<Leaf> text = new ArrayList<>();
    private final List<Attachment> attachments = new ArrayList<>();
    private final Set<String> notCarried = new LinkedHashSet<>();
    private @Nullable Leaf html;
    private @Nullable Leaf amp;
    private @Nullable Leaf calendar;
    private int parts;

    private MimeReading() {}

    /// Takes a message apart.
    ///
    /// @throws IOException when the content can't be read
    static Rebuilt read(ContentCursor content) throws IOException {
        MimeReading reading = new MimeReading();
        Fields fields = Fields.read(content.whole());
        try {
            reading.part(new MimeBodyPart(content.whole()), Place.SEQUENCE, PLAIN, 0);
        } catch (MessagingException e) {
            throw new IOException("the message can't be read", e);
        }
        List<Mailbox> from = mailboxes(fields, "From");
        if (from.size() > 1) {
            reading.notCarried.add("From: other authors");
        }
        return new Rebuilt(
                fields,
                from.isEmpty() ? null : from.getFirst(),
                mailboxes(fields, "Reply-To"),
                mailboxes(fields, "To"),
                mailboxes(fields, "Cc"),
                fields.first("Subject").map(HeaderText::decode).orElse(""),
                reading.text,
                reading.html,
                reading.amp,
                reading.calendar,
                reading.attachments,
                List.copyOf(reading.notCarried));
    }

    private static List<Mailbox> mailboxes(Fields fields, String name) {
        return fields.values(name).stream().flatMap(v -> Mailbox.parse(v).stream()).toList();
    }

    private void part(MimeBodyPart given, Place place, String usualType, int depth)
            throws IOException, MessagingException {
        parts++;
        List<String> noFields = noFields(given);
        boolean headless = !noFields.isEmpty() && noFields.getFirst().equals(firstLine(given));
        MimeBodyPart part = headless ? new Headless(given) : given;
        if (!noFields.isEmpty() && !headless) {
            notCarried.add("header lines that are no fields");
        }
        Parameters type = typeOf(part, usualType);
        boolean composite = type.value().startsWith("multipart/");
        if (!composite || depth >= DEPTH_LIMIT || parts > PARTS_LIMIT) {
            leaf(part, type, place, depth == 0);
            return;
        }
        List<MimeBodyPart> children = children(part, type);
        if (children.isEmpty()) {
            notCarried.add(type.value() + " without parts");
            leaf(part, new Parameters(PLAIN, Map.of()), place, depth == 0);
            return;
        }
        multipart(type, children, place, depth + 1);
    }

    /// Returns what stands in the header section and is no field (RFC 5322 §2.2), but for the line
    /// by which a mailbox file begins a message.
    private static List<String> noFields(MimeBodyPart part) throws MessagingException {
        return Collections.list(part.getAllHeaderLines()).stream()
                .filter(line -> !Fields.isField(line) && !line.matches("(?s)>?From .*"))
                .toList();
    }

    private static String firstLine(MimeBodyPart part) throws MessagingException {
        Enumeration<String> lines = part.getAllHeaderLines();
        return lines.hasMoreElements() ? lines.nextElement() : "";
    }

    /// A part that begins with its text at once, without the empty line that ends a header section.
    private static final class Headless extends MimeBodyPart {

        private final MimeBodyPart part;
        private final byte[] taken;

        Headless(MimeBodyPart part) throws MessagingException {
            this.part = part;
            String lines = String.join("\r\n", Collections.list(part.getAllHeaderLines()));
            this.taken = (lines + "\r\n\r\n").getBytes(ISO_8859_1);
        }

        @Override
        public InputStream getRawInputStream() throws MessagingException {
            return new SequenceInputStream(
                    new ByteArrayInputStream(taken), part.getRawInputStream());
        }
    }

    private static Parameters typeOf(MimeBodyPart part, String usual) throws MessagingException {
        String raw = first(part, "Content-Type");
        Parameters type = Parameters.parse(raw.isEmpty() ? usual : raw);
        // What is no media type at all is text (RFC 2045 §5.2).
        return type.value().matches("[^/\\s]+/[^/\\s]+") ? type : new Parameters(PLAIN, type.all());
    }

    private static String first(MimeBodyPart part, String name) throws MessagingException {
        String[] values = part.getHeader(name);
        return values == null || values.length == 0 ? "" : values[0].replaceAll("[\\r\\n]+", "");
    }

    private static List<MimeBodyPart> children(MimeBodyPart part, Parameters type) {
        List<MimeBodyPart> children = new ArrayList<>();
        try {
            MimeMultipart multipart = new MimeMultipart(new PartSource(part, type));
            for (int i = 0; i < multipart.getCount() && i < PARTS_LIMIT; i++) {
                if (multipart.getBodyPart(i) instanceof MimeBodyPart child) {
                    children.add(child);
                }
            }
        } catch (MessagingException _) {
            // No boundary, or nothing between two of them: its text is all there is.
            children.clear();
        }
        return children;
    }

    private void multipart(Parameters type, List<MimeBodyPart> children, Place place, int depth)
            throws IOException, MessagingException {
        switch (type.value()) {
            case "multipart/alternative" -> {
                for (MimeBodyPart child : children) {
                    part(child, place == Place.ATTACHED ? place : Place.ALTERNATIVE, PLAIN, depth);
                }
            }
            case "multipart/related" -> related(type, children, place, depth);
            case "multipart/signed", "multipart/report" -> {
                notCarried.add(type.value());
                sequence(children, place, PLAIN, depth);
            }
            case "multipart/encrypted" -> {
                notCarried.add(type.value());
                sequence(children, Place.ATTACHED, PLAIN, depth);
            }
            case "multipart/digest" -> sequence(children, place, "message/rfc822", depth);
            default -> sequence(children, place, PLAIN, depth);
        }
    }

    private void sequence(List<MimeBodyPart> children, Place place, String usual, int depth)
            throws IOException, MessagingException {
        for (MimeBodyPart child : children) {
            part(child, place, usual, depth);
        }
    }

    private void related(Parameters type, List<MimeBodyPart> children, Place place, int depth)
            throws IOException, MessagingException {
        String start = bare(type.get("start"));
        int root = 0;
        for (int i = 0; i < children.size() && !start.isEmpty(); i++) {
            if (bare(first(children.get(i), "Content-ID")).equals(start)) {
                root = i;
            }
        }
        part(children.get(root), place, PLAIN, depth);
        for (int i = 0; i < children.size(); i++) {
            if (i != root) {
                part(
                        children.get(i),
                        place == Place.ATTACHED ? place : Place.RELATED,
                        PLAIN,
                        depth);
            }
        }
    }

    private void leaf(MimeBodyPart part, Parameters type, Place place, boolean whole)
            throws IOException, MessagingException {
        Parameters disposition = Parameters.parse(first(part, "Content-Disposition"));
        Leaf leaf = new Leaf(part, type.get("charset"), first(part, "Content-Transfer-Encoding"));
        if (!whole && !part.getAllHeaderLines().hasMoreElements() && leaf.isBlank()) {
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
            MimeBodyPart part,
            Parameters type,
            String name,
            String disposition,
            Place place,
            Leaf leaf)
            throws MessagingException {
        String contentId = bare(first(part, "Content-ID"));
        boolean inline =
                !contentId.isEmpty() && (place == Place.RELATED || disposition.equals("inline"));
        attachments.add(
                new Attachment(
                        name.isEmpty() ? madeUp(type.value()) : name,
                        type.value(),
                        contentId.isEmpty() ? null : contentId,
                        inline,
                        leaf));
        if (type.value().matches("application/(x-)?pkcs7-mime")) {
            notCarried.add(type.value() + " as the message's form");
        }
    }

    private String madeUp(String type) {
        String extension = EXTENSIONS.getOrDefault(type, "bin");
        return "attachment-" + (attachments.size() + 1) + "." + extension;
    }

    private static String bare(String contentId) {
        return contentId.strip().replaceAll("^<|>$", "").strip();
    }

    /// A part's octets and its type as Jakarta Mail takes them.
    private record PartSource(MimeBodyPart part, Parameters type) implements DataSource {

        @Override
        public InputStream getInputStream() throws IOException {
            try {
                return part.getRawInputStream();
            } catch (MessagingException e) {
                throw new IOException(e);
            }
        }

        @Override
        public OutputStream getOutputStream() {
            throw new UnsupportedOperationException("parts are read only");
        }

        /// Only the boundary matters to it.
        @Override
        public String getContentType() {
            String boundary = type.get("boundary").replaceAll("[\"\\\\]", "\\\\$0");
            return boundary.isEmpty() ? MIXED : MIXED + "; boundary=\"" + boundary + "\"";
        }

        @Override
        public String getName() {
            return "part";
        }
    }
}
