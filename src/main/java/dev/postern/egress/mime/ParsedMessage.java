package dev.postern.egress.mime;

import java.net.URLConnection;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
public record ParsedMessage(
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

    /// A piece of the HTML.
    ///
    /// @param isHtml whether it is HTML itself, or a text to be shown as it is
    public record Shown(MimeLeaf leaf, boolean isHtml) {}

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
    public record Attachment(
            String name,
            boolean isNamed,
            String type,
            Map<String, String> parameters,
            @Nullable String contentId,
            String disposition,
            boolean isEmbedded,
            MimeLeaf leaf) {

        public static final String INLINE = "inline";
        public static final String ATTACHED = "attachment";

        public Attachment {
            parameters = Map.copyOf(parameters);
        }

        /// Returns what it is called in what is told of it.
        public String label() {
            return isNamed ? name : type;
        }

        /// Returns whether it is to be shown with the body.
        public boolean isInline() {
            return disposition.equals(INLINE) || (isEmbedded && !disposition.equals(ATTACHED));
        }

        /// Returns the same as one that is found by its Content-ID.
        Attachment embedded() {
            return new Attachment(
                    name, isNamed, type, parameters, contentId, disposition, true, leaf);
        }
    }

    /// What of a message an API can't carry, each thing once, for the operator's eyes.
    ///
    /// *Limits.* At most [#LIMIT] things, each in [#LIMIT_CHARACTERS]; that there are more is said.
    public static final class NotCarried {

        private static final int LIMIT = 100;
        private static final int LIMIT_CHARACTERS = 200;
        private static final String MORE = "and more";

        private final SequencedSet<String> named = new LinkedHashSet<>();
        private boolean more;

        /// Notes something.
        public void add(String what) {
            String some = cut(what);
            if (named.size() < LIMIT) {
                named.add(some);
            } else {
                more |= !named.contains(some);
            }
        }

        /// Notes what must not be missing, however much there is.
        public void addFirst(String what) {
            named.addFirst(cut(what));
        }

        /// Notes several things.
        public void addAll(Collection<String> all) {
            all.forEach(this::add);
        }

        private static String cut(String what) {
            return what.length() <= LIMIT_CHARACTERS
                    ? what
                    : what.substring(0, LIMIT_CHARACTERS - 1) + "…";
        }

        /// Returns all of it, in the order in which it was noted.
        public List<String> all() {
            return Stream.concat(named.stream(), more ? Stream.of(MORE) : Stream.of()).toList();
        }
    }

    /// Whether the names of attachments go with their types, for APIs that look at both.
    public static final class FileNames {

        /// The extension of what has none that we know. Others, such as `bin`, are refused by some.
        private static final String UNKNOWN = "dat";

        /// Extensions and the types that they stand for. The first extension of a type is the one
        /// that a file of that type gets where nobody says.
        private static final Map<String, List<String>> TYPES =
                table(
                        """
                        txt text/plain
                        html text/html
                        htm text/html
                        ics text/calendar
                        csv text/csv
                        css text/css
                        md text/markdown
                        rtf application/rtf text/rtf
                        vcf text/vcard text/x-vcard
                        js text/javascript application/javascript
                        json application/json
                        xml application/xml text/xml
                        yaml application/yaml
                        pdf application/pdf
                        zip application/zip
                        gz application/gzip
                        tar application/x-tar
                        7z application/x-7z-compressed
                        rar application/vnd.rar
                        doc application/msword
                        docx application/vnd.openxmlformats-officedocument.wordprocessingml.document
                        xls application/vnd.ms-excel
                        xlsx application/vnd.openxmlformats-officedocument.spreadsheetml.sheet
                        ppt application/vnd.ms-powerpoint
                        pptx application/vnd.openxmlformats-officedocument.\
                        presentationml.presentation
                        odt application/vnd.oasis.opendocument.text
                        ods application/vnd.oasis.opendocument.spreadsheet
                        odp application/vnd.oasis.opendocument.presentation
                        epub application/epub+zip
                        eps application/postscript
                        jpg image/jpeg
                        jpeg image/jpeg
                        png image/png
                        gif image/gif
                        webp image/webp
                        svg image/svg+xml
                        tif image/tiff
                        tiff image/tiff
                        bmp image/bmp
                        ico image/vnd.microsoft.icon image/x-icon
                        heic image/heic
                        mp3 audio/mpeg
                        ogg audio/ogg
                        wav audio/wav audio/x-wav
                        m4a audio/mp4 audio/x-m4a
                        mp4 video/mp4
                        mpg video/mpeg
                        mov video/quicktime
                        webm video/webm
                        eml message/rfc822
                        pkpass application/vnd.apple.pkpass
                        asc application/pgp-signature application/pgp-encrypted
                        p7s application/pkcs7-signature application/x-pkcs7-signature
                        p7m application/pkcs7-mime application/x-pkcs7-mime
                        """);

        private static final Pattern EXTENSION = Pattern.compile("[A-Za-z0-9]{1,8}");

        private FileNames() {}

        private static Map<String, List<String>> table(String lines) {
            Map<String, List<String>> table = new LinkedHashMap<>();
            for (String line : lines.split("\n")) {
                List<String> words = List.of(line.split(" "));
                table.put(words.getFirst(), words.subList(1, words.size()));
            }
            return table;
        }

        /// Returns the extension of a file of a type.
        static String extension(String type) {
            return TYPES.entrySet().stream()
                    .filter(entry -> entry.getValue().contains(type))
                    .map(Map.Entry::getKey)
                    .findFirst()
                    .orElse(UNKNOWN);
        }

        /// Returns the name, with an extension by the type where it has none.
        public static String withExtension(Attachment attachment) {
            String name = attachment.name();
            return extensionOf(name).isEmpty() ? name + "." + extension(attachment.type()) : name;
        }

        /// Returns whether the type is one that the name's extension stands for, or nothing is
        /// known of the extension.
        public static boolean agrees(Attachment attachment) {
            List<String> known = types(attachment.name());
            return known.isEmpty() || known.contains(attachment.type());
        }

        /// Returns whether who derives a type from the name finds just the type that it has.
        public static boolean tells(Attachment attachment) {
            return types(withExtension(attachment)).equals(List.of(attachment.type()));
        }

        private static List<String> types(String name) {
            String extension = extensionOf(name);
            String guessed = URLConnection.guessContentTypeFromName("x." + extension);
            return TYPES.getOrDefault(extension, guessed == null ? List.of() : List.of(guessed));
        }

        /// Returns the extension in small letters; empty without one.
        private static String extensionOf(String name) {
            int dot = name.lastIndexOf('.');
            String extension = name.substring(dot + 1);
            boolean is = dot >= 0 && EXTENSION.matcher(extension).matches();
            return is ? extension.toLowerCase(Locale.ROOT) : "";
        }
    }
}
