package dev.postern.egress.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/// The texts of a message, which these APIs take as one text and one HTML: what readers show one
/// after the other (a list's footer, text on both sides of a picture) has to be there one after the
/// other, in both. A text of nothing but blanks is none, since nobody sees it.
final class Bodies {

    private static final String HTML = "text/html";
    private static final String TEXT = "text/plain";

    /// How a record says that there were several.
    private static final String JOINED = "text/(plain|html) as a part of its own";

    /// How a record says that one of several isn't there in both.
    private static final String PARTLY = "a part of the body in its text/(plain|html)";

    private static final String UNRECORDABLE = "(?!)";

    /// Texts that stand for each other.
    private record Unit(List<Seen.Part> texts, List<Seen.Part> htmls) {

        List<Seen.Part> of(String type) {
            return type.equals(HTML) ? htmls : texts;
        }

        boolean isEmpty() {
            return texts.isEmpty() && htmls.isEmpty();
        }
    }

    /// Is told of a difference: which fact, how, and how a record names it.
    interface Teller {

        void tell(String fact, String what, boolean must, String named);
    }

    private Bodies() {}

    static void compare(
            Seen.Part whole,
            Predicate<Seen.Part> isFile,
            Map<String, String> posted,
            Teller teller) {
        List<Unit> units = new ArrayList<>();
        collect(whole, isFile, units);
        units.removeIf(Unit::isEmpty);
        if (units.size() > 1
                || units.stream().anyMatch(u -> u.texts.size() > 1 || u.htmls.size() > 1)) {
            teller.tell("bodies", "there are several", true, JOINED);
        }
        for (String type : List.of(TEXT, HTML)) {
            String came = Seen.even(posted.getOrDefault(type, ""));
            boolean has = units.stream().anyMatch(unit -> !unit.of(type).isEmpty());
            if (has) {
                body(type, units, posted, teller);
            } else if (posted.containsKey(type)) {
                List<Seen.Part> others = units.stream().flatMap(u -> u.texts.stream()).toList();
                boolean same = letters(came).equals(plain(joined(others)));
                String named = !same ? UNRECORDABLE : type.equals(HTML) ? "html" : "without a text";
                // A blank, since there has to be something.
                teller.tell(
                        type,
                        "comes from nowhere: " + cut("", came),
                        !letters(came).isEmpty(),
                        named);
            }
        }
    }

    private static void collect(Seen.Part part, Predicate<Seen.Part> isFile, List<Unit> units) {
        if (part.is("multipart/alternative")) {
            List<Unit> inner = new ArrayList<>();
            part.children().forEach(child -> collect(child, isFile, inner));
            units.add(
                    new Unit(
                            inner.stream().flatMap(u -> u.texts.stream()).toList(),
                            inner.stream().flatMap(u -> u.htmls.stream()).toList()));
        } else if (part.isMultipart()) {
            part.children().forEach(child -> collect(child, isFile, units));
        } else if (!isFile.test(part)
                && !part.disposition().equals("attachment")
                && !Seen.even(part.text()).isEmpty()) {
            units.add(
                    new Unit(
                            part.is(TEXT) ? List.of(part) : List.of(),
                            part.is(HTML) ? List.of(part) : List.of()));
        }
    }

    private static void body(
            String type, List<Unit> units, Map<String, String> posted, Teller teller) {
        List<String> pieces = new ArrayList<>();
        StringBuilder all = new StringBuilder();
        StringBuilder own = new StringBuilder();
        for (Unit unit : units) {
            for (Seen.Part part : unit.of(type)) {
                pieces.add(Seen.even(part.text()));
                own.append(letters(part));
            }
            List<Seen.Part> shown =
                    unit.of(type).isEmpty()
                            ? unit.of(type.equals(HTML) ? TEXT : HTML)
                            : unit.of(type);
            shown.forEach(part -> all.append(letters(part)));
        }
        String came = Seen.even(posted.getOrDefault(type, ""));
        String expected = String.join("\n", pieces);
        if (units.size() == 1 && pieces.size() == 1) {
            if (!came.equals(expected)) {
                teller.tell(type, cut(expected, came), true, UNRECORDABLE);
            }
            return;
        }
        String read = type.equals(HTML) ? letters(came) : plain(came);
        String html = letters(posted.getOrDefault(HTML, ""));
        if (type.equals(TEXT) && came.isEmpty() && html.contentEquals(all)) {
            teller.tell(type, "is only in the HTML", true, JOINED);
        } else if (!isInOrder(pieces, came)) {
            teller.tell(type, cut(expected, came), true, UNRECORDABLE);
        } else if (!read.contentEquals(all)) {
            String named = read.contentEquals(own) ? PARTLY : UNRECORDABLE;
            teller.tell(type, cut(all.toString(), read), true, named);
        }
    }

    private static boolean isInOrder(List<String> pieces, String came) {
        int at = 0;
        for (String piece : pieces) {
            // Another piece may stand before the end of the HTML.
            String most = piece.replaceFirst("(?i)(\\s*</(body|html)>)+$", "").strip();
            int found = came.indexOf(most, at);
            if (found < 0) {
                return false;
            }
            at = found + most.length();
        }
        return true;
    }

    private static String joined(List<Seen.Part> parts) {
        return String.join("\n", parts.stream().map(Seen.Part::text).toList());
    }

    private static String letters(Seen.Part part) {
        return part.is(HTML) ? letters(part.text()) : plain(part.text());
    }

    /// Returns what can be read of an HTML.
    private static String letters(String html) {
        return plain(html.replaceAll("<[^<>]*>", "").replaceAll("&#?\\w{1,8};", ""));
    }

    private static String plain(String text) {
        return text.replaceAll("[^\\p{L}\\p{N}]", "");
    }

    private static String cut(String expected, String came) {
        int same = Arrays.mismatch(expected.toCharArray(), came.toCharArray());
        int from = Math.max(0, same - 20);
        return "at %d of %d/%d: «%s» became «%s»"
                .formatted(
                        same,
                        expected.length(),
                        came.length(),
                        Seen.spaced(
                                expected.substring(from, Math.min(expected.length(), from + 60))),
                        Seen.spaced(came.substring(from, Math.min(came.length(), from + 60))));
    }
}
