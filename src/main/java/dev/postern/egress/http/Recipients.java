package dev.postern.egress.http;

import dev.postern.egress.mime.Mailbox;
import dev.postern.mail.ForwardPath;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;

/// Who is mailed: the envelope's recipients, each once. Providers take addresses that differ in
/// letter case only for one.
final class Recipients {

    private static final Pattern BETWEEN_WORDS = Pattern.compile("[\\s,;:<>()\"]++");

    private Recipients() {}

    /// Some of a message's recipients.
    ///
    /// @param mailed the addresses to be mailed, none twice
    /// @param concerned all recipients that these stand for
    record Batch(List<ForwardPath> mailed, List<ForwardPath> concerned) {
        Batch {
            mailed = List.copyOf(mailed);
            concerned = List.copyOf(concerned);
        }
    }

    /// Returns the recipients in batches.
    ///
    /// @param limit most addresses in one
    static List<Batch> batches(List<ForwardPath> recipients, int limit) {
        List<Batch> batches = new ArrayList<>();
        List<ForwardPath> mailed = new ArrayList<>();
        List<ForwardPath> concerned = new ArrayList<>();
        for (List<ForwardPath> same : distinct(recipients).values()) {
            if (mailed.size() == limit) {
                batches.add(new Batch(mailed, concerned));
                mailed = new ArrayList<>();
                concerned = new ArrayList<>();
            }
            mailed.add(new ForwardPath(Mailbox.inAscii(same.getFirst().address())));
            concerned.addAll(same);
        }
        batches.add(new Batch(mailed, concerned));
        return batches;
    }

    /// Returns the recipients by their address in small letters, in their order.
    static SequencedMap<String, List<ForwardPath>> distinct(List<ForwardPath> recipients) {
        SequencedMap<String, List<ForwardPath>> distinct = new LinkedHashMap<>();
        for (ForwardPath recipient : recipients) {
            distinct.computeIfAbsent(key(recipient.address()), _ -> new ArrayList<>())
                    .add(recipient);
        }
        return distinct;
    }

    /// Returns what makes an address the same as another.
    static String key(String address) {
        return Mailbox.inAscii(address).toLowerCase(Locale.ROOT);
    }

    /// Returns those of the recipients whose address a text names.
    static List<ForwardPath> namedIn(String text, List<ForwardPath> recipients) {
        Set<String> words = new HashSet<>();
        for (String word : BETWEEN_WORDS.split(text)) {
            words.add(key(word));
            words.add(key(word.endsWith(".") ? word.substring(0, word.length() - 1) : word));
        }
        List<ForwardPath> named = new ArrayList<>();
        distinct(recipients)
                .forEach((key, same) -> {
                    if (words.contains(key)) {
                        named.addAll(same);
                    }
                });
        return named;
    }
}
