package dev.postern.egress.http;

import dev.postern.egress.mime.Mailbox;
import dev.postern.egress.mime.ParsedMessage;
import dev.postern.mail.ForwardPath;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Gatherers;
import java.util.stream.Stream;

/// Who is mailed: the envelope's recipients, each once. Providers take addresses that differ in
/// letter case only for one.
final class Recipients {

    private static final Pattern BETWEEN_WORDS = Pattern.compile("[\\s,;:<>()\"]++");

    private Recipients() {}

    /// Some of a message's recipients.
    ///
    /// @param mailed the addresses to be mailed, none twice
    /// @param concerned all recipients that these stand for
    record Batch(List<ForwardPath> mailed, List<ForwardPath> concerned) {}

    /// Returns the recipients in batches.
    ///
    /// @param limit most addresses in one
    static List<Batch> batches(List<ForwardPath> recipients, int limit) {
        return distinct(recipients).values().stream()
                .gather(Gatherers.windowFixed(limit))
                .map(some -> {
                    List<ForwardPath> mailed =
                            some.stream()
                                    .map(same -> Mailbox.inAscii(same.getFirst().address()))
                                    .map(ForwardPath::new)
                                    .toList();
                    return new Batch(mailed, some.stream().flatMap(List::stream).toList());
                })
                .toList();
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
        return distinct(recipients).entrySet().stream()
                .filter(same -> words.contains(same.getKey()))
                .flatMap(same -> same.getValue().stream())
                .toList();
    }

    /// Where the recipients of one call stand, for APIs whose To, Cc and Bcc are both what is shown
    /// and who is mailed. The envelope decides who is mailed, the header where one is shown.
    ///
    /// @param to shown as To; never empty
    /// @param cc shown as Cc
    /// @param bcc shown to nobody
    /// @param concerned all recipients that these stand for
    /// @param notCarried what the header shows and this can't
    record Split(
            List<Mailbox> to,
            List<Mailbox> cc,
            List<Mailbox> bcc,
            List<ForwardPath> concerned,
            List<String> notCarried) {

        /// Addresses that are named when they can't be shown; of more only the number is told.
        private static final int NAMED_LIMIT = 5;

        /// Returns the calls that it takes to mail the recipients. Each blind one that no shown one
        /// goes with gets a call of its own, in which it is the To: else they would see each other.
        ///
        /// @param limit most addresses in one call
        static List<Split> of(List<ForwardPath> recipients, ParsedMessage message, int limit) {
            SequencedMap<String, List<ForwardPath>> blind = Recipients.distinct(recipients);
            SequencedMap<String, List<ForwardPath>> all = new LinkedHashMap<>(blind);
            Set<String> hidden = new LinkedHashSet<>();
            SequencedMap<String, Shown> named = new LinkedHashMap<>();
            collect(message.to(), true, blind, named, hidden);
            collect(message.cc(), false, blind, named, hidden);
            List<String> notCarried = new ArrayList<>(inWords(hidden));
            if (named.size() > limit) {
                notCarried.add(
                        "To and Cc in one message: " + named.size() + " in calls of " + limit);
            }
            List<Split> splits = new ArrayList<>();
            for (List<Shown> some :
                    named.values().stream().gather(Gatherers.windowFixed(limit)).toList()) {
                List<Mailbox> bcc = new ArrayList<>();
                while (some.size() + bcc.size() < limit && !blind.isEmpty()) {
                    bcc.add(blind(blind.pollFirstEntry().getValue()));
                }
                splits.add(visible(some, bcc, all, notCarried));
            }
            List<String> notCarriedAlone = new ArrayList<>(notCarried);
            notCarriedAlone.add("To as it is (it names the one recipient)");
            for (List<ForwardPath> same : blind.values()) {
                List<Mailbox> to = List.of(blind(same));
                splits.add(new Split(to, List.of(), List.of(), same, notCarriedAlone));
            }
            return splits;
        }

        /// A recipient that the header names.
        private record Shown(Mailbox mailbox, boolean isTo) {}

        private static void collect(
                List<Mailbox> named,
                boolean isTo,
                Map<String, List<ForwardPath>> blind,
                Map<String, Shown> shown,
                Set<String> hidden) {
            for (Mailbox mailbox : named) {
                String key = Recipients.key(mailbox.address());
                List<ForwardPath> same = blind.remove(key);
                if (same != null) {
                    String spoken = same.getFirst().address();
                    shown.put(key, new Shown(new Mailbox(spoken, mailbox.name()), isTo));
                } else {
                    String again = shown.containsKey(key) ? "second " : "";
                    hidden.add(again + (isTo ? "To: " : "Cc: ") + mailbox.address());
                }
            }
        }

        private static List<String> inWords(Set<String> hidden) {
            int more = Math.max(hidden.size() - NAMED_LIMIT, 0);
            return Stream.concat(
                            hidden.stream().limit(NAMED_LIMIT),
                            more == 0 ? Stream.of() : Stream.of(more + " more of To and Cc"))
                    .toList();
        }

        private static Mailbox blind(List<ForwardPath> same) {
            return new Mailbox(same.getFirst().address(), "");
        }

        private static Split visible(
                List<Shown> shown,
                List<Mailbox> bcc,
                Map<String, List<ForwardPath>> all,
                List<String> notCarried) {
            List<Mailbox> to = shown.stream().filter(Shown::isTo).map(Shown::mailbox).toList();
            List<Mailbox> cc = shown.stream().filter(s -> !s.isTo()).map(Shown::mailbox).toList();
            List<ForwardPath> concerned =
                    Stream.of(to, cc, bcc)
                            .flatMap(List::stream)
                            .map(one -> all.getOrDefault(key(one.address()), List.of()))
                            .flatMap(List::stream)
                            .toList();
            if (!to.isEmpty()) {
                return new Split(to, cc, bcc, concerned, notCarried);
            }
            // Each of these APIs wants a To.
            List<String> lost = new ArrayList<>(notCarried);
            lost.add("Cc as Cc");
            return new Split(cc, List.of(), bcc, concerned, lost);
        }
    }
}
