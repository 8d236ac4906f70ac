package dev.postern.egress.http;

import java.io.IOException;
import java.io.Reader;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Which parts an HTML text refers to, by `cid:` addresses (RFC 2392 §2).
///
/// *Limits.* The text is gone through once; an id of more than [#ID_LIMIT_CHARACTERS] is none.
final class ContentIds {

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
        for (String one : List.of(id, unescaped(id), id.replace("&amp;", "&"))) {
            if (wanted.contains(one)) {
                found.add(one);
            }
        }
    }

    /// Not all of those who write an address escape what can't stand in it.
    private static String unescaped(String id) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < id.length(); i++) {
            boolean escape = id.charAt(i) == '%' && i + 2 < id.length();
            int value = escape ? HeaderText.hex(id.substring(i + 1, i + 3)) : -1;
            text.append(value < 0 ? id.charAt(i) : (char) value);
            i += value < 0 ? 0 : 2;
        }
        return text.toString();
    }
}
