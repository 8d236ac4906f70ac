package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.IDN;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// What a reader sees in a message, from its line of JSON (`reader.py`, `reader.mjs`).
///
/// What is fair to take for the same is decided here and nowhere else:
///
/// | | why |
/// |---|---|
/// | line ends, and blanks before them | SMTP's are CRLF, a JSON text has none of its own |
/// | the line end at the very end | RFC 2046 §5.1.1: the last one belongs to the delimiter |
/// | runs of white space in names and fields | folding (RFC 5322 §2.2.3) |
/// | how many U+FFFD stand for what can't be read | decoders differ |
/// | a domain's A-labels for its letters | RFC 5890 §2.3.2.1: the same domain |
/// | an encoded word for its text, in custom fields | the provider passes on ASCII |
/// | `inline` on a body, and a file without a disposition | RFC 2183 §2: what is meant anyway |
record Seen(JsonNode json) {

    /// Somebody who is named.
    record Person(String name, String address) {

        /// Returns the mailbox, its domain in A-labels.
        String key() {
            int at = address.lastIndexOf('@');
            String domain = address.substring(at + 1);
            try {
                domain = IDN.toASCII(domain, IDN.ALLOW_UNASSIGNED);
            } catch (IllegalArgumentException _) {
                // No domain at all: as it is spelled.
            }
            return address.substring(0, at + 1) + domain.toLowerCase(Locale.ROOT);
        }

        boolean isNamedAs(Person other) {
            return spaced(name).equals(spaced(other.name));
        }

        @Override
        public String toString() {
            return "«" + name + "» " + address;
        }
    }

    /// A field of the header section.
    record Field(String name, String value) {

        String key() {
            return name.toLowerCase(Locale.ROOT);
        }
    }

    /// A part, or the whole.
    ///
    /// @param within the types of the multiparts that it is in, outermost first
    record Part(JsonNode json, List<String> within) {

        String type() {
            return json.path("type").asText();
        }

        boolean is(String type) {
            return type().equals(type);
        }

        boolean isMultipart() {
            return json.has("children");
        }

        List<Part> children() {
            List<String> deeper = new ArrayList<>(within);
            deeper.add(type());
            List<Part> children = new ArrayList<>();
            json.path("children").forEach(child -> children.add(new Part(child, deeper)));
            return children;
        }

        boolean isIn(String multipart) {
            return !within.isEmpty() && within.getLast().equals(multipart);
        }

        Map<String, String> parameters() {
            return map(json.path("parameters"));
        }

        Map<String, String> dispositionParameters() {
            return map(json.path("dispositionParameters"));
        }

        /// Returns its `Content-*` fields but for the three that say what it is.
        Map<String, String> fields() {
            return map(json.path("fields"));
        }

        /// Returns the names of its `Content-*` fields that are there twice.
        List<String> again() {
            return texts(json.path("again"));
        }

        /// Returns the multipart that it is said to be and isn't, for want of parts; empty: none.
        String hollow() {
            return json.path("hollow").asText();
        }

        /// Returns what to do with it; empty where nothing is said.
        String disposition() {
            return json.path("disposition").asText("").replace("null", "");
        }

        /// Returns its file name; empty without one.
        String name() {
            String name = dispositionParameters().getOrDefault("filename", "");
            return spaced(name.isEmpty() ? parameters().getOrDefault("name", "") : name);
        }

        /// Returns its Content-ID without angle brackets; empty without one.
        String id() {
            return fields().getOrDefault("content-id", "").replaceAll("[<>\\s]", "");
        }

        byte[] octets() {
            return Base64.getDecoder().decode(json.path("octets").asText());
        }

        String text() {
            return json.path("text").asText();
        }

        boolean isCharsetKnown() {
            return json.path("charsetKnown").asBoolean(true);
        }

        /// Returns whether a reader can't but show it as (a piece of) the text.
        boolean isBody() {
            return Set.of("text/plain", "text/html").contains(type())
                    && !disposition().equals("attachment")
                    && name().isEmpty();
        }

        /// Returns whether it can be shown as text, if it need not.
        boolean isText() {
            return type().matches("text/(plain|html|calendar|x-amp-html)");
        }

        boolean isSame(byte[] others) {
            byte[] octets = octets();
            if (Arrays.equals(octets, others)) {
                return true;
            }
            return type().startsWith("message/")
                    ? bare(octets).equals(bare(others))
                    : lines(octets).equals(lines(others));
        }

        private static String bare(byte[] octets) {
            return new String(octets, ISO_8859_1).replaceAll("\\s+", "");
        }

        private static String lines(byte[] octets) {
            return new String(octets, ISO_8859_1).replace("\r\n", "\n").stripTrailing();
        }

        private static Map<String, String> map(JsonNode object) {
            Map<String, String> map = new LinkedHashMap<>();
            object.properties().forEach(one -> map.put(one.getKey(), one.getValue().asText()));
            return map;
        }
    }

    String subject() {
        return spaced(json.path("subject").asText("").replaceFirst("^null$", ""));
    }

    /// Returns whom a field names: `from`, `to`, `cc` or `reply-to`.
    List<Person> people(String field) {
        List<Person> people = new ArrayList<>();
        for (JsonNode one : json.path(field)) {
            String name = one.path("name").isNull() ? "" : one.path("name").asText();
            people.add(new Person(name, one.path("address").asText()));
        }
        return people;
    }

    /// Returns the groups' names, each after its field's.
    List<String> groups() {
        return texts(json.path("groups"));
    }

    /// Returns what is among the mailboxes and is none, each after its field's name.
    List<String> others() {
        return texts(json.path("others"));
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(one -> texts.add(one.asText()));
        return texts;
    }

    /// Returns the fields, decoded.
    List<Field> headers() {
        List<Field> headers = new ArrayList<>();
        for (JsonNode one : json.path("headers")) {
            headers.add(new Field(one.path("name").asText(), spaced(one.path("value").asText())));
        }
        return headers;
    }

    Part whole() {
        return new Part(json.path("tree"), List.of());
    }

    /// Returns the whole and all its parts, in their order.
    List<Part> parts() {
        List<Part> parts = new ArrayList<>();
        collect(whole(), parts);
        return parts;
    }

    private static void collect(Part part, List<Part> parts) {
        parts.add(part);
        part.children().forEach(child -> collect(child, parts));
    }

    /// Returns a name or a field's value as it is compared.
    static String spaced(String text) {
        return text.replaceAll("[\\s\\p{Cntrl}\\u00A0]+", " ")
                .replaceAll("\uFFFD+", "\uFFFD")
                .strip();
    }

    /// Returns a text as it is compared.
    static String even(String text) {
        return text.replaceAll("\r\n?", "\n")
                .replaceAll("\uFEFF|\u0000", "")
                .replaceAll("\uFFFD+", "\uFFFD")
                .replaceAll("[ \t]*\n", "\n")
                .strip();
    }
}
