package dev.postern.egress.mime;

import dev.postern.egress.mime.ParsedMessage.Attachment;
import dev.postern.egress.mime.ParsedMessage.FileNames;
import dev.postern.egress.mime.ParsedMessage.NotCarried;
import dev.postern.egress.mime.ParsedMessage.Shown;
import dev.postern.egress.mime.PartScanner.Part;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The one reading of MIME (RFC 2045, RFC 2046): takes a message apart into what APIs want of it.
///
/// **Purpose.** Finds text, HTML and its kin, attachments and inline parts in any tree of parts.
///
/// **Contract.** No octet of a part is kept in memory. Whatever is broken is read as well as can
/// be: there is a result for every message within the limits. What the result can't express stands
/// in `notCarried`.
///
/// **Diagnostics.** Thrown is `IOException`, when the content can't be read, and
/// [ReadingBudget.MessageLimitException].
///
/// **Limits.** Those of [ReadingBudget].
public final class MimeParser {

    private static final String PLAIN = PartScanner.PLAIN;
    private static final String HTML = "text/html";
    private static final String AMP = "text/x-amp-html";
    private static final String CALENDAR = "text/calendar";

    private static final Set<String> SEALED =
            Set.of("application/pkcs7-mime", "application/x-pkcs7-mime");

    /// The fields of a part that its place in the result says, once each.
    private static final Set<String> EXPRESSED =
            Set.of(
                    "content-type",
                    "content-transfer-encoding",
                    "content-disposition",
                    "content-id");

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

    /// A part that has no parts of its own.
    ///
    /// @param isBlank whether it is a text that shows nothing
    private record Piece(
            Part part,
            MimeParameters type,
            MimeParameters disposition,
            Place place,
            MimeLeaf leaf,
            boolean isBlank) {

        boolean isHtml() {
            return type.value().equals(HTML);
        }

        String name() {
            String named = disposition.get("filename");
            return named.isEmpty() ? type.get("name") : named;
        }

        boolean isNameGuessed() {
            return disposition.get("filename").isEmpty()
                    ? type.guessed().contains("name")
                    : disposition.guessed().contains("filename");
        }

        String label() {
            return name().isEmpty() ? type.value() : name();
        }
    }

    /// What is shown of some parts, in up to two forms of the same. The HTML may have texts in it,
    /// to be shown as they are.
    private record Forms(List<Piece> text, List<Piece> html) {

        static final Forms NONE = new Forms(List.of(), List.of());

        static Forms of(Piece piece) {
            return piece.isHtml()
                    ? new Forms(List.of(), List.of(piece))
                    : new Forms(List.of(piece), List.of());
        }

        boolean isNone() {
            return text.isEmpty() && html.isEmpty();
        }

        /// Returns whether it shows nothing.
        boolean isBlank() {
            return html.isEmpty() && text.stream().allMatch(Piece::isBlank);
        }

        List<Piece> asHtml() {
            return html.isEmpty() ? text : html;
        }

        List<Piece> all() {
            return Stream.concat(text.stream(), html.stream()).distinct().toList();
        }
    }

    private final ContentCursor content;
    private final List<Attachment> attachments = new ArrayList<>();
    private final NotCarried notCarried = new NotCarried();
    private @Nullable MimeLeaf amp;
    private @Nullable Attachment calendar;

    private MimeParser(ContentCursor content) {
        this.content = content;
    }

    /// Takes a message apart.
    ///
    /// @throws IOException when the content can't be read, or has more of something than is read
    public static ParsedMessage read(ContentCursor content) throws IOException {
        PartScanner.Found found = PartScanner.of(content);
        Fields fields = found.whole().fields();
        MimeParser reading = new MimeParser(content);
        Forms body = reading.part(found.whole(), Place.SEQUENCE, true);
        body.all().forEach(reading::noteWhatBodyLacks);
        reading.embed(body.html());
        if (body.isNone() && reading.calendar == null) {
            reading.notCarried.add("a message without a text (a blank stands for it)");
        }
        if (fields.first("Subject").filter(HeaderText::isGuessed).isPresent()) {
            reading.notCarried.add("charset of Subject");
        }
        ReadingBudget allowance = found.allowance();
        if (reading.mailboxes(fields, "From", allowance).size() > 1) {
            reading.notCarried.add("From: other authors");
        }
        return new ParsedMessage(
                fields,
                Mailbox.author(fields),
                reading.mailboxes(fields, "Reply-To", allowance),
                reading.mailboxes(fields, "To", allowance),
                reading.mailboxes(fields, "Cc", allowance),
                fields.first("Subject").map(HeaderText::decode).orElse(""),
                body.text().stream().map(Piece::leaf).toList(),
                body.html().stream().map(p -> new Shown(p.leaf(), p.isHtml())).toList(),
                reading.amp,
                reading.calendar,
                reading.attachments,
                reading.notCarried.all());
    }

    private List<Mailbox> mailboxes(Fields fields, String name, ReadingBudget allowance)
            throws IOException {
        List<Mailbox> all = new ArrayList<>();
        for (Fields.Raw value : fields.values(name)) {
            Mailbox.Listed listed = Mailbox.list(value);
            if (HeaderText.isGuessed(value)) {
                notCarried.add("charset of a name in " + name);
            }
            allowance.addresses(listed.mailboxes().size());
            all.addAll(listed.mailboxes());
            listed.others().forEach(other -> notCarried.add(name + ": " + other));
            listed.groups().forEach(group -> notCarried.add(name + ": group " + group));
        }
        return all;
    }

    /// Reads a part, and returns what of it is shown; the rest is attached.
    private Forms part(Part part, Place place, boolean whole) throws IOException {
        if (part.losesLines()) {
            notCarried.add("header lines that are no fields");
        }
        MimeParameters type = part.type();
        if (!part.isMultipart()) {
            return leaf(part, type, place, whole);
        }
        noteFields(part, type.value(), whole);
        if (!part.first("Content-ID").isEmpty()) {
            notCarried.add("Content-ID of " + type.value());
        }
        if (part.children().isEmpty()) {
            // No boundary, or nothing between two of them: its text is all there is.
            notCarried.add(type.value() + " without parts");
            return leaf(part, new MimeParameters(PLAIN), place, whole);
        }
        return multipart(type, part.children(), place);
    }

    private Forms multipart(MimeParameters type, List<Part> children, Place place)
            throws IOException {
        Place kept = place == Place.ATTACHED ? place : Place.SEQUENCE;
        return switch (type.value()) {
            case "multipart/alternative" ->
                    place == Place.ATTACHED ? sequence(children, place) : alternative(children);
            case "multipart/related" -> related(type, children, kept);
            case "multipart/mixed" -> sequence(children, kept);
            default -> {
                notCarried.add(type.value());
                boolean encrypted = type.value().equals("multipart/encrypted");
                yield sequence(children, encrypted ? Place.ATTACHED : kept);
            }
        };
    }

    private Forms sequence(List<Part> children, Place place) throws IOException {
        Forms all = Forms.NONE;
        for (Part child : children) {
            all = joined(all, part(child, place, false));
        }
        return all;
    }

    /// Returns two bodies as one, shown one below the other, as the footers of mailing lists are.
    /// Where one has no HTML its text stands in the HTML; a text that would lack the other goes.
    private Forms joined(Forms first, Forms second) {
        if (first.isBlank()) {
            return second.isNone() ? first : second;
        }
        if (second.isBlank()) {
            return first;
        }
        notCarried.add(second.all().getFirst().type().value() + " as a part of its own");
        boolean html = !first.html().isEmpty() || !second.html().isEmpty();
        return new Forms(
                joinedTexts(first, second),
                html ? both(first.asHtml(), second.asHtml()) : List.of());
    }

    private List<Piece> joinedTexts(Forms first, Forms second) {
        if (!first.text().isEmpty() && !second.text().isEmpty()) {
            return both(first.text(), second.text());
        }
        boolean hadBoth = !first.text().isEmpty() && !first.html().isEmpty();
        if (hadBoth || !(second.text().isEmpty() || second.html().isEmpty())) {
            notCarried.add("a part of the body in its text/plain");
        }
        return hadBoth ? first.text() : List.of();
    }

    private static List<Piece> both(List<Piece> first, List<Piece> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }

    /// Of several forms of the same the first text and the first HTML count; there is no place for
    /// others but as files.
    private Forms alternative(List<Part> children) throws IOException {
        Forms forms = Forms.NONE;
        for (Part child : children) {
            Forms form = part(child, Place.ALTERNATIVE, false);
            if (forms.text().isEmpty() && !forms.html().isEmpty() && !form.text().isEmpty()) {
                // The last form is the best (RFC 2046 §5.1.4).
                notCarried.add("text/plain as the better alternative");
            }
            forms =
                    new Forms(
                            firstOf(forms.text(), form.text()), firstOf(forms.html(), form.html()));
        }
        return forms;
    }

    private List<Piece> firstOf(List<Piece> first, List<Piece> second) {
        for (Piece piece : first.isEmpty() ? List.<Piece>of() : second) {
            notCarried.add(piece.type().value() + " as an alternative");
            attach(piece);
        }
        return first.isEmpty() ? second : first;
    }

    private Forms related(MimeParameters type, List<Part> children, Place place)
            throws IOException {
        String start = bare(type.get("start"));
        int root = 0;
        for (int i = 0; i < children.size() && !start.isEmpty(); i++) {
            if (bare(HeaderText.decode(children.get(i).first("Content-ID"))).equals(start)) {
                root = i;
            }
        }
        Forms body = part(children.get(root), place, false);
        for (int i = 0; i < children.size(); i++) {
            if (i != root) {
                Place beside = place == Place.ATTACHED ? place : Place.RELATED;
                Forms more = part(children.get(i), beside, false);
                if (body.isNone()) {
                    body = more;
                } else {
                    boolean both = !more.text().isEmpty() && !more.html().isEmpty();
                    for (Piece piece : more.all()) {
                        if (both) {
                            notCarried.add(piece.type().value() + " as an alternative");
                        }
                        attach(piece);
                    }
                }
            }
        }
        return body;
    }

    private Forms leaf(Part part, MimeParameters type, Place place, boolean whole)
            throws IOException {
        MimeParameters disposition = MimeParameters.parse(part.first("Content-Disposition"));
        MimeLeaf leaf =
                new MimeLeaf(
                        part.octets(content),
                        type.get("charset"),
                        MimeParameters.parse(part.first("Content-Transfer-Encoding")).value());
        if (!whole && !part.isHeaded() && leaf.isBlank()) {
            // A boundary that should have been the last one.
            return Forms.NONE;
        }
        // Found out while the part's turn is: later it would be gone back to.
        boolean blank = type.value().equals(PLAIN) && leaf.isBlank();
        Piece piece = new Piece(part, type, disposition, place, leaf, blank);
        if (piece.isNameGuessed()) {
            notCarried.add("charset of the name " + piece.name());
        }
        if (!part.isMultipart()) {
            noteFields(part, whole ? "" : piece.label(), whole);
        }
        boolean alternative = place == Place.ALTERNATIVE;
        boolean mayBeBody =
                place != Place.ATTACHED
                        && !disposition.value().equals(Attachment.ATTACHED)
                        && (piece.name().isEmpty() || whole || alternative);
        if (mayBeBody && Set.of(PLAIN, HTML).contains(type.value())) {
            noteGuess(piece);
            return Forms.of(piece);
        }
        if (!(mayBeBody && (alternative || whole) && becomesForm(piece, whole))) {
            if (alternative) {
                notCarried.add(type.value() + " as an alternative");
            }
            attach(piece);
        }
        return Forms.NONE;
    }

    private void noteGuess(Piece piece) throws IOException {
        if (piece.leaf().isGuessed()) {
            notCarried.add("charset " + piece.leaf().charsetName() + " of " + piece.type().value());
        }
    }

    /// Takes what some of the APIs have a place for beside text and HTML.
    private boolean becomesForm(Piece piece, boolean whole) throws IOException {
        boolean known = Set.of(AMP, CALENDAR).contains(piece.type().value());
        if (known && piece.leaf().isEmpty()) {
            notCarried.add("empty " + piece.type().value());
            return true;
        }
        if (piece.type().value().equals(AMP) && amp == null && !whole) {
            noteGuess(piece);
            noteWhatBodyLacks(piece);
            amp = piece.leaf();
            return true;
        }
        if (piece.type().value().equals(CALENDAR) && calendar == null) {
            noteGuess(piece);
            if (whole) {
                notCarried.add(CALENDAR + " as the whole message");
            }
            calendar = attachment(piece, "invite.ics");
            return true;
        }
        return false;
    }

    private void attach(Piece piece) {
        String made =
                "attachment-"
                        + (attachments.size() + 1)
                        + "."
                        + FileNames.extension(piece.type().value());
        attachments.add(attachment(piece, made));
        if (SEALED.contains(piece.type().value())) {
            notCarried.add(piece.type().value() + " as the message's form");
        }
    }

    /// Makes an attachment of a part.
    ///
    /// @param otherwise its name where it has none
    private Attachment attachment(Piece piece, String otherwise) {
        String contentId = bare(HeaderText.decode(piece.part().first("Content-ID")));
        String disposition = piece.disposition().value();
        Map<String, String> parameters = new HashMap<>(piece.type().all());
        parameters.values().removeIf(String::isEmpty);
        String other = parameters.remove("name");
        if (other != null && !other.equals(piece.name())) {
            notCarried.add("name " + other + " of " + piece.name());
        }
        noteDisposition(piece, piece.label());
        boolean isShown =
                piece.place() == Place.RELATED
                        ? !disposition.equals(Attachment.ATTACHED)
                        : disposition.equals(Attachment.INLINE);
        return new Attachment(
                piece.name().isEmpty() ? otherwise : piece.name(),
                !piece.name().isEmpty(),
                piece.type().value(),
                parameters,
                contentId.isEmpty() ? null : contentId,
                disposition,
                isShown && !contentId.isEmpty(),
                piece.leaf());
    }

    private void noteDisposition(Piece piece, String label) {
        for (String name : piece.disposition().all().keySet()) {
            if (!name.equals("filename")) {
                notCarried.add(name + " of " + label);
            }
        }
    }

    /// Notes what a part's header says of it that no API takes.
    ///
    /// @param label what the part is called; the whole message needs none
    private void noteFields(Part part, String label, boolean whole) {
        Set<String> seen = new HashSet<>();
        for (Fields.Field field : part.isHeaded() ? part.fields().all() : Fields.NONE.all()) {
            String name = field.name().toLowerCase(Locale.ROOT);
            boolean second = !seen.add(name);
            if (name.startsWith("content-") && (second || !EXPRESSED.contains(name))) {
                String of = whole ? "" : " of " + label;
                notCarried.add((second ? "second " : "") + field.name() + of);
            }
        }
    }

    /// A body goes as text in whatever charset, and has no name.
    private void noteWhatBodyLacks(Piece piece) {
        String type = piece.type().value();
        piece.type()
                .all()
                .forEach((name, value) -> {
                    if (!name.equals("charset")
                            && !name.equals("name")
                            && !piece.part().isMultipart()) {
                        notCarried.add(name + "=" + value + " of " + type);
                    }
                });
        if (!piece.name().isEmpty()) {
            notCarried.add("name " + piece.name() + " of " + type);
        }
        noteDisposition(piece, type);
        if (!piece.part().first("Content-ID").isEmpty()) {
            notCarried.add("Content-ID of " + type);
        }
    }

    /// What the HTML refers to by its Content-ID is part of it, wherever it stands and whatever it
    /// says of itself.
    private void embed(List<Piece> html) throws IOException {
        Set<String> wanted =
                attachments.stream()
                        .filter(one -> !one.isEmbedded())
                        .flatMap(one -> Stream.ofNullable(one.contentId()))
                        .collect(Collectors.toSet());
        Set<String> referred = new HashSet<>();
        for (Piece piece : wanted.isEmpty() ? List.<Piece>of() : html) {
            referred.addAll(ContentIds.referredTo(piece.leaf(), wanted));
        }
        attachments.replaceAll(one ->
                one.contentId() != null && referred.contains(one.contentId())
                        ? one.embedded()
                        : one);
    }

    private static String bare(String contentId) {
        String id = contentId.strip();
        int from = id.startsWith("<") ? 1 : 0;
        int to = id.endsWith(">") ? id.length() - 1 : id.length();
        return id.substring(Math.min(from, to), to).strip();
    }

    /// Which parts an HTML text refers to, by `cid:` addresses (RFC 2392 §2).
    ///
    /// *Limits.* The text is gone through once; an id of more than [#ID_LIMIT_CHARACTERS] is none.
    static final class ContentIds {

        private static final int ID_LIMIT_CHARACTERS = 998;
        private static final String SCHEME = "cid:";
        private static final String ENDS = "\"'<>()\\ \t\r\n\f";

        private final Set<String> wanted;
        private final Set<String> found = new HashSet<>();

        /// The characters so far of what may be an address.
        private final StringBuilder address = new StringBuilder();

        private ContentIds(Set<String> wanted) {
            this.wanted = wanted;
        }

        /// Returns which of the ids a text refers to.
        static Set<String> referredTo(MimeLeaf html, Set<String> wanted) throws IOException {
            ContentIds ids = new ContentIds(wanted);
            try (Reader text = html.text()) {
                for (int c = text.read(); c >= 0; c = text.read()) {
                    ids.next((char) c);
                }
            }
            ids.next(' ');
            return ids.found;
        }

        private void next(char c) {
            if (address.length() < SCHEME.length()) {
                boolean goesOn = Character.toLowerCase(c) == SCHEME.charAt(address.length());
                if (!goesOn) {
                    address.setLength(0);
                }
                if (goesOn || Character.toLowerCase(c) == SCHEME.charAt(0)) {
                    address.append(c);
                }
            } else if (ENDS.indexOf(c) >= 0) {
                end();
            } else if (address.length() <= SCHEME.length() + ID_LIMIT_CHARACTERS) {
                address.append(c);
            }
        }

        private void end() {
            String id = address.substring(SCHEME.length());
            address.setLength(0);
            // Not all of those who write an address escape what can't stand in it.
            String unescaped = HeaderText.unescaped(id, '%');
            for (String one : List.of(id, unescaped, id.replace("&amp;", "&"))) {
                if (wanted.contains(one)) {
                    found.add(one);
                }
            }
        }
    }
}
