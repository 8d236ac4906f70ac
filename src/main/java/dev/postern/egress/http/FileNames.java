package dev.postern.egress.http;

import java.net.URLConnection;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/// Whether the names of attachments go with their types, for APIs that look at both.
final class FileNames {

    /// The extension of what has none that we know. Others, such as `bin`, are refused by some.
    private static final String UNKNOWN = "dat";

    /// Extensions and the types that they stand for. The first extension of a type is the one that
    /// a file of that type gets where nobody says.
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
                    pptx application/vnd.openxmlformats-officedocument.presentationml.presentation
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
        lines.lines()
                .forEach(line -> {
                    List<String> words = Arrays.asList(line.split(" "));
                    table.put(words.getFirst(), words.subList(1, words.size()));
                });
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
    static String withExtension(ParsedMessage.Attachment attachment) {
        String name = attachment.name();
        return extensionOf(name).isEmpty() ? name + "." + extension(attachment.type()) : name;
    }

    /// Returns whether the type is one that the name's extension stands for, or nothing is known of
    /// the extension.
    static boolean agrees(ParsedMessage.Attachment attachment) {
        List<String> known = types(attachment.name());
        return known.isEmpty() || known.contains(attachment.type());
    }

    /// Returns whether who derives a type from the name finds just the type that it has.
    static boolean tells(ParsedMessage.Attachment attachment) {
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
