package dev.postern.spool;

import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.OutcomeClass;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The lines of history of one message: how many are kept, and what they tell.
final class History {

    /// Lines at most; the oldest go first.
    static final int MAX_LINES = 2_000;

    /// Octets of all lines at most, as they are written: a message to a thousand recipients gains
    /// some hundred thousand with each round, and all of them are written with each change.
    static final int MAX_BYTES = 256 * 1024;

    private static final int LINE_BYTES = 40;

    private static final Pattern DROPPED =
            Pattern.compile("^\\((\\d{1,9}) older lines dropped\\) ");

    private History() {}

    /// Returns as many of the newest lines as there is room for. If older ones are dropped, the
    /// oldest that is left says how many.
    static List<Attempt> newest(List<Attempt> attempts) {
        int from = attempts.size();
        int bytes = 0;
        while (from > 0 && attempts.size() - from < MAX_LINES) {
            bytes += bytes(attempts.get(from - 1));
            if (bytes > MAX_BYTES && from < attempts.size()) {
                break;
            }
            from--;
        }
        List<Attempt> left = new ArrayList<>(attempts.subList(from, attempts.size()));
        if (from > 0) {
            int dropped = attempts.subList(0, from).stream().mapToInt(History::lines).sum();
            left.set(0, noting(dropped, left.getFirst()));
        }
        return List.copyOf(left);
    }

    private static int bytes(Attempt line) {
        int bytes = LINE_BYTES + line.egress().length() + line.recipients().size() * Integer.BYTES;
        bytes += utf8Bytes(line.reply());
        for (String what : line.notCarried()) {
            bytes += Integer.BYTES + utf8Bytes(what);
        }
        return bytes;
    }

    private static int utf8Bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /// Returns how many lines this one stands for.
    private static int lines(Attempt line) {
        Matcher dropped = DROPPED.matcher(line.reply());
        return dropped.find() ? 1 + Integer.parseInt(dropped.group(1)) : 1;
    }

    private static Attempt noting(int dropped, Attempt line) {
        String reply = "(" + dropped + " older lines dropped) " + line.reply();
        return new Attempt(
                line.at(),
                line.egress(),
                line.outcome(),
                reply,
                line.took(),
                line.recipients(),
                line.notCarried());
    }

    /// Returns the recipients that an egress perhaps took, with that egress: its answer was lost,
    /// and it gave none since.
    static Map<ForwardPath, String> possibleDuplicates(List<Attempt> attempts) {
        Map<ForwardPath, String> possibleDuplicates = new HashMap<>();
        for (Attempt line : attempts) {
            for (ForwardPath to : line.recipients()) {
                if (line.outcome() == OutcomeClass.UNCERTAIN) {
                    possibleDuplicates.put(to, line.egress());
                } else if (line.outcome() != OutcomeClass.UNAVAILABLE) {
                    possibleDuplicates.remove(to, line.egress());
                }
            }
        }
        return possibleDuplicates;
    }
}
