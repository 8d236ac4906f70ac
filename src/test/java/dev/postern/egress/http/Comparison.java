package dev.postern.egress.http;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// Holds what recipients get against what a reader sees in the message: every fact that isn't the
/// same is a [Difference].
final class Comparison {

    /// The fields that every API makes itself of its members.
    private static final Set<String> MEMBERS =
            Set.of("from", "to", "cc", "bcc", "reply-to", "subject", "mime-version");

    /// What an API takes from its own customers by a field, which nobody else is to see.
    private static final Map<String, String> STEERING =
            Map.of(
                    "sendgrid", "x-smtpapi|x-sg-e?id",
                    "resend", "(?!)",
                    "brevo", "x-mailin-.*|x-sib-.*",
                    "postmark", "x-pm-.*");

    /// Parameters of multiparts that tell of the form that they have.
    private static final Set<String> STRUCTURE = Set.of("mixed", "alternative", "related");

    private final String type;
    private final Seen seen;
    private final Posted posted;
    private final List<Difference> differences = new ArrayList<>();

    /// Which part is compared.
    private String at = "";

    /// @param fact which fact isn't the same
    /// @param what how
    /// @param must whether it has to be recorded; else it may
    /// @param named finds it in a record that names it
    record Difference(String fact, String what, boolean must, Pattern named) {

        boolean isNamedBy(String record) {
            return named.matcher(record).find();
        }

        @Override
        public String toString() {
            return fact + ": " + what;
        }
    }

    private Comparison(String type, Seen seen, Posted posted) {
        this.type = type;
        this.seen = seen;
        this.posted = posted;
    }

    static List<Difference> of(String type, Seen seen, Posted posted) {
        Comparison comparison = new Comparison(type, seen, posted);
        comparison.people();
        comparison.subject();
        comparison.headers();
        comparison.forms();
        comparison.parts();
        return List.copyOf(comparison.differences);
    }

    private void must(String fact, String what, String named) {
        add(fact, what, true, named);
    }

    private void may(String fact, String what, String named) {
        add(fact, what, false, named);
    }

    private void add(String fact, String what, boolean must, String named) {
        Pattern pattern = Pattern.compile(named, Pattern.CASE_INSENSITIVE);
        String some = what.length() > 240 ? what.substring(0, 240) + "…" : what;
        differences.add(new Difference(fact + at, some, must, pattern));
    }

    /// Returns a pattern for a text that a record may have cut.
    private static String literally(String text) {
        return Pattern.quote(text.substring(0, Math.min(text.length(), 120)));
    }

    /// Returns a pattern for a mailbox, its domain in letters or in A-labels.
    private static String literally(Seen.Person one) {
        return "(" + literally(one.address()) + "|" + literally(one.key()) + ")";
    }

    private void people() {
        List<Seen.Person> authors = seen.people("from");
        if (authors.isEmpty()) {
            must("From", "there was none", "From");
        } else {
            same("From", authors.getFirst(), posted.from());
        }
        if (authors.size() > 1) {
            must("From", "other authors", "From");
        }
        shown("Reply-To", seen.people("reply-to"), posted.replyTo());
        shown("To", seen.people("to"), posted.to());
        shown("Cc", seen.people("cc"), posted.cc());
        for (String other : seen.others()) {
            String field = other.substring(0, other.indexOf(' '));
            must("no address in " + field, other, "\\b" + field + ": ");
        }
        for (String group : seen.groups()) {
            String field = group.substring(0, group.indexOf(' '));
            must("group", group, "\\b" + field + "\\b.*group|group.*\\b" + field + "\\b");
        }
    }

    private void same(String field, Seen.Person before, Seen.Person after) {
        if (!before.key().equals(after.key())) {
            must(field, before + " became " + after, field);
        } else if (!before.isNamedAs(after)) {
            must(
                    field + " name of " + after.key(),
                    before + " became " + after,
                    field + ".*name|name.*" + field);
        }
    }

    private void shown(String field, List<Seen.Person> before, List<Seen.Person> after) {
        Map<String, Seen.Person> left = new LinkedHashMap<>();
        after.forEach(one -> left.put(one.key(), one));
        Set<String> done = new LinkedHashSet<>();
        for (Seen.Person one : before) {
            Seen.Person same = left.remove(one.key());
            String named =
                    field
                            + ": .*"
                            + literally(one)
                            + "|more of .*"
                            + field
                            + "|"
                            + field
                            + " as it is"
                            + "|in calls of";
            if (!done.add(one.key())) {
                may(field, one + " again", "\\b" + field + "\\b");
            } else if (same != null) {
                same(field, one, same);
            } else if (field.equals("Reply-To")) {
                must(field + " " + one.key(), one + " is lost", field);
            } else if (isIn(one, field.equals("To") ? posted.cc() : posted.to())) {
                moved(field, one);
            } else {
                must(field + " " + one.key(), one + " is lost", named);
            }
        }
        for (Seen.Person one : left.values()) {
            // One who was blind, or is Cc elsewhere: who mails nobody else wants a To.
            add(field, one + " is shown", field.equals("Reply-To"), "\\b(" + field + "|Cc as)\\b");
        }
    }

    /// Whom both To and Cc name is there once, in To.
    private void moved(String field, Seen.Person one) {
        boolean both = field.equals("Cc") && isIn(one, seen.people("to"));
        add(field, one + " is elsewhere", !both, field + " as|" + literally(one));
    }

    private static boolean isIn(Seen.Person one, List<Seen.Person> people) {
        return people.stream().anyMatch(other -> other.key().equals(one.key()));
    }

    private void subject() {
        String subject = seen.subject();
        if (!subject.equals(Seen.spaced(posted.subject()))) {
            must("Subject", "«" + subject + "» became «" + posted.subject() + "»", "Subject");
        }
        long count = seen.headers().stream().filter(f -> f.key().equals("subject")).count();
        if (count > 1) {
            must("Subject", "a second one", "Subject");
        }
    }

    private void headers() {
        List<Seen.Field> left = new ArrayList<>(posted.headers());
        for (Seen.Field field : seen.headers()) {
            String key = field.key();
            if (!key.matches("[!-9;-~]+")) {
                must("lines", field.name(), "header lines that are no fields");
                continue;
            }
            if (MEMBERS.contains(key) || key.startsWith("content-")) {
                continue;
            }
            boolean carried =
                    left.stream()
                            .filter(other -> other.key().equals(key))
                            .filter(other -> Seen.spaced(other.value()).equals(field.value()))
                            .findFirst()
                            .map(left::remove)
                            .orElse(false);
            if (!carried) {
                boolean optional = key.matches(STEERING.get(type));
                add(
                        "field " + field.name(),
                        "«" + field.value() + "» is lost",
                        !optional,
                        "(?<![\\w-])" + literally(field.name()) + "(?![\\w-])");
            }
        }
        for (Seen.Field field : left) {
            boolean keeps = type.equals("postmark") && field.name().equalsIgnoreCase("X-PM-KeepID");
            if (!keeps) {
                must(
                        "field " + field.name(),
                        "«" + field.value() + "» comes from nowhere",
                        "(?<![\\w-])" + literally(field.name()) + "(?![\\w-])");
            }
        }
    }

    /// Multiparts of other kinds than these APIs make, and what is said of any.
    private void forms() {
        for (Seen.Part part : seen.parts()) {
            if (part.isMultipart()) {
                at = " of part " + seen.parts().indexOf(part);
                String subtype = part.type().substring(part.type().indexOf('/') + 1);
                if (!STRUCTURE.contains(subtype)) {
                    must("form", part.type(), literally(part.type()));
                }
                fields(part);
                if (!part.disposition().isEmpty() && !part.disposition().equals("inline")) {
                    may("form", part.disposition(), "disposition");
                }
                if (part.is("multipart/alternative") && isHtmlFirst(part)) {
                    must("order", "HTML before text", "alternative|order|text/html");
                }
            }
        }
    }

    /// RFC 2046 §5.1.4: the last is the one to be shown.
    private static boolean isHtmlFirst(Seen.Part alternative) {
        List<String> types = alternative.children().stream().map(Seen.Part::type).toList();
        int text = types.indexOf("text/plain");
        int html = types.indexOf("text/html");
        return text >= 0 && html >= 0 && html < text;
    }

    private void fields(Seen.Part part) {
        part.fields()
                .forEach((name, value) -> {
                    add(
                            name,
                            value + " of " + part.type(),
                            !value.isEmpty() && !name.equals("content-length"),
                            literally(name));
                });
        again(part);
    }

    private void again(Seen.Part part) {
        part.again().forEach(name -> must("second " + name, part.type(), "second " + name));
    }

    private void parts() {
        List<Posted.File> files = new ArrayList<>(posted.files());
        IdentityHashMap<Object, Posted.File> of = filesOf(files);
        for (Seen.Part part : seen.parts()) {
            at = " of part " + seen.parts().indexOf(part);
            if (part.isMultipart()) {
                continue;
            }
            Posted.File file = of.get(part.json());
            if (file != null) {
                file(part, file);
            } else if (part.isBody() || isShownAsText(part) || isUnnamed(part)) {
                body(part);
            } else if (part.octets().length == 0) {
                must("empty", part.type() + " " + part.name(), "empty");
            } else {
                must(
                        "part",
                        part.type() + " " + part.name() + " is lost",
                        literally(part.type()) + "|" + literally(part.name()));
            }
        }
        at = "";
        Bodies.compare(
                seen.whole(), part -> of.containsKey(part.json()), posted.texts(), this::add);
        for (Posted.File file : files) {
            boolean calendar =
                    seen.parts().stream()
                            .anyMatch(p -> p.is("text/calendar") && p.isSame(file.octets()));
            must(
                    "file " + file.name(),
                    "is no part of the message",
                    calendar ? "text/calendar" : literally(file.name()));
        }
    }

    /// Returns the files by the leaves that they are of: those of the same name first, and what can
    /// be nothing but text last, since a body can have the same octets.
    private IdentityHashMap<Object, Posted.File> filesOf(List<Posted.File> files) {
        IdentityHashMap<Object, Posted.File> of = new IdentityHashMap<>();
        for (int round = 0; round < 4; round++) {
            for (Seen.Part part : seen.parts()) {
                for (Posted.File file : List.copyOf(files)) {
                    boolean fits =
                            switch (round) {
                                case 0 -> Seen.spaced(file.name()).equals(part.name());
                                case 1 -> !part.isBody();
                                case 2 -> !isPosted(part);
                                default -> true;
                            };
                    if (fits
                            && !part.isMultipart()
                            && !isShownAsText(part)
                            && !of.containsKey(part.json())
                            && part.isSame(file.octets())) {
                        of.put(part.json(), file);
                        files.remove(file);
                    }
                }
            }
        }
        return of;
    }

    /// Returns whether a text is (in) the posted one of its type.
    private boolean isPosted(Seen.Part part) {
        return Seen.even(posted.texts().getOrDefault(part.type(), ""))
                .contains(Seen.even(part.text()));
    }

    /// Texts with a name can be shown as well.
    private static boolean isUnnamed(Seen.Part part) {
        return Set.of("text/plain", "text/html").contains(part.type())
                && !part.disposition().equals("attachment");
    }

    /// A calendar among the texts is one; the file beside it is one more.
    private boolean isShownAsText(Seen.Part part) {
        return Set.of("text/calendar", "text/x-amp-html").contains(part.type())
                && Seen.even(posted.texts().getOrDefault(part.type(), ""))
                        .equals(Seen.even(part.text()));
    }

    private void body(Seen.Part part) {
        fields(part);
        if (!part.hollow().isEmpty()) {
            must("form", part.hollow(), literally(part.hollow()) + " without parts");
        }
        if (part.is("text/calendar") && part.within().isEmpty()) {
            must("form", "nothing but a calendar", "text/calendar as the whole");
        }
        if (part.octets().length == 0) {
            // Where it is all there is of its kind a blank stands for it.
            may("empty", part.type(), "empty " + literally(part.type()));
        }
        part.parameters()
                .forEach((name, value) -> {
                    boolean usual =
                            Set.of("charset", "boundary").contains(name)
                                    || (name.equals("format") && value.equalsIgnoreCase("fixed"))
                                    || (name.equals("delsp") && value.equalsIgnoreCase("no"));
                    add(
                            "parameter " + name,
                            value + " of " + part.type(),
                            !usual && !value.isEmpty(),
                            literally(name));
                });
        part.dispositionParameters()
                .forEach((name, value) -> {
                    String word = name.equals("filename") ? "name" : name;
                    must("disposition's " + name, value + " of " + part.type(), literally(word));
                });
        String charset = part.parameters().getOrDefault("charset", "");
        String named = "charset.*" + literally(charset) + "|charset.*" + literally(part.type());
        if (!part.isCharsetKnown()) {
            must("charset", charset + " of " + part.type(), named);
        } else {
            may("charset", charset + " of " + part.type(), "charset");
        }
    }

    private void file(Seen.Part part, Posted.File file) {
        String shown = part.name().isEmpty() ? part.type() : part.name();
        if (part.isBody()) {
            must("body", part.type() + " is attached", literally(part.type()));
        }
        if (part.isIn("multipart/alternative") && part.id().isEmpty()) {
            must("alternative", part.type() + " is attached", literally(part.type()));
        } else if (part.is("text/calendar") && !part.disposition().equals("attachment")) {
            must("calendar", "is attached", "text/calendar");
        }
        if (part.name().isEmpty()) {
            // Each of these APIs wants one, and a mail program makes one up as well.
            may("name", "none became " + file.name(), "name");
        } else if (!part.name().equals(Seen.spaced(file.name()))) {
            must("file name", part.name() + " became " + file.name(), "name");
        }
        String other = Seen.spaced(part.parameters().getOrDefault("name", ""));
        if (!other.isEmpty() && !other.equals(part.name())) {
            must("name", "the other, " + other, "name " + literally(other));
        }
        type(part, file, shown);
        part.parameters()
                .forEach((name, value) -> {
                    boolean usual =
                            Set.of("name", "boundary").contains(name)
                                    || (name.equals("charset")
                                            && value.equalsIgnoreCase("us-ascii"));
                    if (!usual && !file.hasParameter(name, value)) {
                        must("parameter " + name, value + " of " + shown, literally(name));
                    }
                });
        part.dispositionParameters()
                .forEach((name, value) -> {
                    if (!name.equals("filename")) {
                        must("disposition's " + name, value + " of " + shown, literally(name));
                    }
                });
        inline(part, file, shown);
        part.fields()
                .forEach((name, value) -> {
                    boolean said = !value.isEmpty() && !name.equals("content-length");
                    if (!name.equals("content-id")) {
                        add(name, value + " of " + shown, said, literally(name));
                    }
                });
        again(part);
    }

    private void type(Seen.Part part, Posted.File file, String shown) {
        String named = "type.*(" + literally(part.type()) + "|" + literally(shown) + ")";
        if (file.type().isEmpty()) {
            boolean same = typeOf(file.name()).equals(part.type());
            add("type", part.type() + " is made of " + file.name(), !same, named);
        } else if (!file.bareType().equals(part.type())) {
            must("type", part.type() + " became " + file.type(), named);
        }
    }

    /// Returns the type that a name's extension stands for, as IANA has it; empty: none is known.
    private static String typeOf(String name) {
        String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        String office = "application/vnd.openxmlformats-officedocument.";
        return switch (extension) {
            case "pdf", "zip", "rtf", "json" -> "application/" + extension;
            case "png", "gif", "bmp", "webp" -> "image/" + extension;
            case "jpg", "jpeg" -> "image/jpeg";
            case "tif", "tiff" -> "image/tiff";
            case "txt" -> "text/plain";
            case "csv", "css" -> "text/" + extension;
            case "htm", "html" -> "text/html";
            case "ics" -> "text/calendar";
            case "eml" -> "message/rfc822";
            case "bin" -> "application/octet-stream";
            case "doc" -> "application/msword";
            case "xls" -> "application/vnd.ms-excel";
            case "docx" -> office + "wordprocessingml.document";
            case "xlsx" -> office + "spreadsheetml.sheet";
            case "pptx" -> office + "presentationml.presentation";
            default -> "";
        };
    }

    /// What the HTML refers to must be there for it; what is inline must not become a file, nor a
    /// file inline.
    private void inline(Seen.Part part, Posted.File file, String shown) {
        String id = part.id();
        String html = posted.texts().getOrDefault("text/html", "");
        boolean referredTo = !id.isEmpty() && html.contains("cid:" + id);
        boolean attached = part.disposition().equals("attachment");
        if (!Set.of("", "inline", "attachment").contains(part.disposition())) {
            must("disposition", part.disposition() + " of " + shown, "disposition");
        }
        String named =
                "(inline|attachment|disposition).*("
                        + literally(shown)
                        + "|"
                        + literally(file.name())
                        + ")";
        if (referredTo && !attached && !file.inline()) {
            must("inline", shown + " is not inline", named);
        } else if (part.disposition().equals("inline") && !file.inline()) {
            must("inline", shown + " is not inline", named);
        } else if (attached && file.inline()) {
            add("inline", shown + " is inline", !referredTo, named);
        }
        if (!id.isEmpty() && !id.equals(file.id())) {
            must("content-id", id + " became " + file.id(), "content-id|cid|inline.*as inline");
        } else if (id.isEmpty() && !file.id().isEmpty()) {
            must("content-id", file.id() + " comes from nowhere", "content-id|cid");
        }
    }
}
