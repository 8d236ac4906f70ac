package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Holds what a request says against what an independent reader found in the message
/// (`findings.py`): part by part, and nothing may be missing that isn't recorded as not carried.
final class Comparison {

    /// The fields that these APIs make themselves, or that belong to the way that a message came:
    /// from the providers' lists, not from the code that is tested.
    private static final Set<String> MADE_ELSEWHERE =
            Set.of(
                    "from",
                    "to",
                    "cc",
                    "bcc",
                    "reply-to",
                    "subject",
                    "date",
                    "mime-version",
                    "received",
                    "received-spf",
                    "return-path",
                    "delivered-to",
                    "x-original-to",
                    "envelope-to",
                    "dkim-signature",
                    "domainkey-signature",
                    "authentication-results");

    private final String type;
    private final JsonNode found;
    private final Posted posted;
    private final List<String> notCarried;
    private final List<String> differences = new ArrayList<>();

    private Comparison(String type, JsonNode found, Posted posted, List<String> notCarried) {
        this.type = type;
        this.found = found;
        this.posted = posted;
        this.notCarried = notCarried;
    }

    /// Returns the differences, each as `part: what`.
    static List<String> of(String type, JsonNode found, Posted posted, List<String> notCarried) {
        Comparison comparison = new Comparison(type, found, posted, notCarried);
        comparison.addresses();
        comparison.subject();
        comparison.headers();
        comparison.parts();
        return comparison.differences;
    }

    private void differ(String part, String what) {
        differences.add(part + ": " + what.substring(0, Math.min(200, what.length())));
    }

    private void addresses() {
        JsonNode authors = found.path("from");
        String from = authors.isEmpty() ? "sender@example.org" : authors.path(0).asText();
        if (!from.equals(posted.from())) {
            differ("from", from + " became " + posted.from());
        }
        if (authors.size() > 1 && !notCarried.contains("From: other authors")) {
            differ("from", "other authors are lost");
        }
        Set<String> replyTo = new TreeSet<>();
        found.path("replyTo").forEach(one -> replyTo.add(one.asText()));
        Set<String> toBe = replyTo;
        if (type.equals("brevo") && replyTo.size() > 1) {
            toBe = new TreeSet<>(List.of(found.path("replyTo").path(0).asText()));
            if (!notCarried.contains("Reply-To: other addresses")) {
                differ("reply-to", "other addresses are lost");
            }
        }
        if (!toBe.equals(new TreeSet<>(posted.replyTo()))) {
            differ("reply-to", replyTo + " became " + posted.replyTo());
        }
    }

    private void subject() {
        String subject = "";
        for (JsonNode header : found.path("headers")) {
            if (subject.isEmpty() && isNamed(header, "subject")) {
                subject = spaced(header.path("text").asText());
            }
        }
        if (subject.isEmpty()) {
            subject = notCarried.contains("empty Subject") ? "(no subject)" : "";
        }
        if (!subject.equals(spaced(posted.subject()))) {
            differ("subject", subject + " became " + posted.subject());
        }
    }

    private static boolean isNamed(JsonNode header, String name) {
        return header.path("name").asText().equalsIgnoreCase(name);
    }

    private static String spaced(String text) {
        return text.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    }

    private void headers() {
        List<CustomFields.Custom> left = new ArrayList<>(posted.headers());
        Set<String> seen = new TreeSet<>();
        for (JsonNode header : found.path("headers")) {
            String name = header.path("name").asText();
            String key = name.toLowerCase(Locale.ROOT);
            boolean custom =
                    !MADE_ELSEWHERE.contains(key)
                            && !key.startsWith("content-")
                            && !key.startsWith("arc-")
                            && !header.path("raw").asText().isEmpty();
            if (!custom) {
                continue;
            }
            boolean again = !seen.add(key) && !type.equals("postmark");
            if (again && notCarried.stream().noneMatch(("second " + name)::equalsIgnoreCase)) {
                differ("header " + name, "a second one is lost");
            } else if (!again && !take(left, header)) {
                differ("header " + name, header.path("text").asText() + " is lost");
            }
        }
        left.removeIf(f -> type.equals("postmark") && f.name().equals("X-PM-KeepID"));
        left.forEach(field -> differ("header " + field.name(), "comes from nowhere"));
    }

    /// Takes the field out of those posted, when it is among them.
    private static boolean take(List<CustomFields.Custom> left, JsonNode header) {
        String raw = spaced(header.path("raw").asText());
        for (CustomFields.Custom field : left) {
            String value = spaced(field.value());
            boolean same = value.equals(raw);
            if (!same && !HeaderText.isAscii(raw)) {
                same =
                        spaced(HeaderText.decode(new Fields.Raw(value)))
                                .equals(spaced(header.path("text").asText()));
            }
            if (same && isNamed(header, field.name())) {
                return left.remove(field);
            }
        }
        return false;
    }

    /// Each leaf is a file, or (a part of) a body; and there is nothing beside them.
    private void parts() {
        List<Posted.File> files = new ArrayList<>(posted.files());
        IdentityHashMap<JsonNode, Posted.File> filesOf = filesOf(files);
        Map<String, StringBuilder> texts = new HashMap<>();
        for (JsonNode leaf : found.path("leaves")) {
            Posted.File file = filesOf.get(leaf);
            String media = mediaOf(leaf);
            if (file != null) {
                compare(leaf, file);
            } else if (media.matches("text/(plain|html|calendar|x-amp-html)")) {
                StringBuilder all = texts.computeIfAbsent(media, _ -> new StringBuilder());
                boolean joined = all.isEmpty() || all.toString().endsWith("\n");
                all.append(joined ? "" : "\n").append(leaf.path("text").asText());
            } else if (octets(leaf).length > 0 || !isKnownToBeEmpty(leaf)) {
                differ("part " + media, "is lost: " + leaf.path("name").asText());
            }
        }
        files.removeIf(this::isCalendar);
        files.forEach(file -> differ("file " + file.name(), "is no part of the message"));
        for (String media : List.of("text/plain", "text/html", "text/calendar")) {
            String expected = even(texts.getOrDefault(media, new StringBuilder()).toString());
            String came = even(body(media, expected));
            if (!expected.equals(came)) {
                differ(media, cut(expected, came));
            }
        }
    }

    /// A multipart without parts is text, and that it is so is recorded.
    private String mediaOf(JsonNode leaf) {
        String media = leaf.path("type").asText();
        return notCarried.contains(media + " without parts") ? "text/plain" : media;
    }

    /// Returns what was posted as that body, or what stands for it.
    private String body(String media, String expected) {
        String came = posted.texts().getOrDefault(media, "");
        boolean html = media.equals("text/html");
        if (html && type.equals("brevo") && expected.isEmpty()) {
            // It wants HTML: the text is there again, as HTML.
            String text = posted.texts().getOrDefault("text/plain", "");
            return even(preformatted(came)).equals(even(text)) ? "" : came;
        }
        boolean noCalendar = !type.equals("sendgrid") && media.equals("text/calendar");
        return noCalendar ? expected : came;
    }

    private static String preformatted(String html) {
        return html.replaceAll("^<pre[^>]*>|</pre>$", "")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&");
    }

    private static String cut(String expected, String came) {
        int same = Arrays.mismatch(expected.toCharArray(), came.toCharArray());
        int from = Math.max(0, same - 20);
        return "at %d of %d/%d: «%s» became «%s»"
                .formatted(
                        same,
                        expected.length(),
                        came.length(),
                        spaced(expected.substring(from, Math.min(expected.length(), from + 60))),
                        spaced(came.substring(from, Math.min(came.length(), from + 60))));
    }

    private boolean isCalendar(Posted.File file) {
        return file.name().equals("invite.ics")
                && (type.equals("sendgrid")
                        || notCarried.contains("text/calendar as an alternative"));
    }

    private boolean isKnownToBeEmpty(JsonNode leaf) {
        String name = leaf.path("name").asText();
        return notCarried.stream()
                .anyMatch(lost ->
                        lost.startsWith("empty attachment")
                                && (name.isEmpty() || lost.endsWith(name)));
    }

    private static byte[] octets(JsonNode leaf) {
        return Base64.getDecoder().decode(leaf.path("octets").asText());
    }

    /// Returns the files by the leaves that they are of: those with the same name first, since a
    /// body can have the same octets.
    private IdentityHashMap<JsonNode, Posted.File> filesOf(List<Posted.File> files) {
        IdentityHashMap<JsonNode, Posted.File> of = new IdentityHashMap<>();
        for (boolean named : List.of(true, false)) {
            for (JsonNode leaf : found.path("leaves")) {
                for (Posted.File file : List.copyOf(files)) {
                    boolean fits = !named || file.name().equals(leaf.path("name").asText());
                    if (fits && !of.containsKey(leaf) && isSame(leaf, file)) {
                        of.put(leaf, file);
                        files.remove(file);
                    }
                }
            }
        }
        return of;
    }

    private static boolean isSame(JsonNode leaf, Posted.File file) {
        byte[] octets = octets(leaf);
        // The other reader takes these apart: blank lines may differ.
        return leaf.path("type").asText().startsWith("message/")
                ? unspaced(octets).equals(unspaced(file.octets()))
                : Arrays.equals(octets, file.octets());
    }

    private static String unspaced(byte[] octets) {
        return new String(octets, ISO_8859_1).replaceAll("\\s+", "");
    }

    private void compare(JsonNode leaf, Posted.File file) {
        String name = leaf.path("name").asText("");
        String shown = spaced(leaf.path("name").isNull() ? "" : name);
        boolean same =
                switch (type) {
                    case "sendgrid" -> shown.replaceAll("[;,]", "_").equals(file.name());
                    case "postmark" -> shown.equals(file.name());
                    default ->
                            shown.equals(file.name())
                                    || file.name().matches("\\Q" + shown + "\\E\\.[a-z0-9]{1,8}");
                };
        if (shown.isEmpty() ? !file.name().startsWith("attachment-") : !same) {
            differ("name", shown + " became " + file.name());
        }
        String kind = leaf.path("type").asText();
        boolean unsaid = type.equals("brevo") || (type.equals("resend") && isLost("type ", leaf));
        if (!unsaid && !kind.equals(file.type())) {
            differ("type", kind + " became " + file.type());
        }
        if (!type.equals("brevo")) {
            contentId(leaf, file);
        }
    }

    /// What the HTML refers to must be there for it; Postmark takes an id for nothing else.
    private void contentId(JsonNode leaf, Posted.File file) {
        String id = leaf.path("id").isNull() ? "" : leaf.path("id").asText();
        boolean referredTo =
                !id.isEmpty() && posted.texts().getOrDefault("text/html", "").contains("cid:" + id);
        if (referredTo && !file.inline()) {
            differ("content id", id + " is not inline");
        }
        boolean said = !type.equals("postmark") || file.inline();
        if (said && !id.replaceAll("[;,]", "_").equals(file.id())) {
            differ("content id", id + " became " + file.id());
        }
    }

    private boolean isLost(String what, JsonNode leaf) {
        return notCarried.stream()
                .anyMatch(lost -> lost.startsWith(what + leaf.path("type").asText()));
    }

    /// Returns the text without what readers differ in: line breaks and blanks before them, how
    /// pieces are set apart, how many signs stand for what can't be read.
    private static String even(String text) {
        return text.replaceAll("\r\n?", "\n")
                .replaceAll("\uFEFF|\u0000", "")
                .replaceAll("\uFFFD+", "\uFFFD")
                .replaceAll("[ \t]*\n\\s*", "\n")
                .strip();
    }
}
