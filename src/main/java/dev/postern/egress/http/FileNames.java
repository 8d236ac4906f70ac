package dev.postern.egress.http;

import java.net.URLConnection;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/// Whether the names of attachments go with their types, for APIs that look at both.
final class FileNames {

    private static final String ANYTHING = "application/octet-stream";

    /// Extensions that Java has no type for, or another than mail has.
    private static final Map<String, String> TYPES =
            Map.ofEntries(
                    Map.entry("eml", "message/rfc822"),
                    Map.entry("ics", "text/calendar"),
                    Map.entry("csv", "text/csv"),
                    Map.entry("asc", "application/pgp-signature"),
                    Map.entry("p7s", "application/pkcs7-signature"),
                    Map.entry("p7m", "application/pkcs7-mime"),
                    Map.entry("webp", "image/webp"),
                    Map.entry("svg", "image/svg+xml"),
                    Map.entry("md", "text/markdown"));

    private static final Pattern EXTENSION = Pattern.compile("[A-Za-z0-9]{1,8}");

    private FileNames() {}

    /// Returns the name, with an extension by the type where it has none.
    static String withExtension(Rebuilt.Attachment attachment) {
        String name = attachment.name();
        String extension = name.substring(name.lastIndexOf('.') + 1);
        if (extension.length() < name.length() && EXTENSION.matcher(extension).matches()) {
            return name;
        }
        return name + "." + MimeReading.EXTENSIONS.getOrDefault(attachment.type(), "bin");
    }

    /// Returns whether the type is the one that the name's extension stands for, or nothing is
    /// known of the extension.
    static boolean agrees(Rebuilt.Attachment attachment) {
        String name = withExtension(attachment).toLowerCase(Locale.ROOT);
        String extension = name.substring(name.lastIndexOf('.') + 1);
        String guessed = URLConnection.guessContentTypeFromName("x." + extension);
        String known = TYPES.getOrDefault(extension, guessed == null ? "" : guessed);
        if (known.isEmpty() || known.equals(ANYTHING)) {
            return known.isEmpty() || attachment.type().equals(ANYTHING);
        }
        return known.equals(attachment.type());
    }
}
