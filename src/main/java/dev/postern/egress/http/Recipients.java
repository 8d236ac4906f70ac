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

        Split {
            to = List.copyOf(to);
            cc = List.copyOf(cc);
            bcc = List.copyOf(bcc);
            concerned = List.copyOf(concerned);
            notCarried = List.copyOf(notCarried);
        }

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
            List<Shown> shown = List.copyOf(named.values());
            List<String> notCarried = new ArrayList<>(inWords(hidden));
            if (shown.size() > limit) {
                notCarried.add(
                        "To and Cc in one message: " + shown.size() + " in calls of " + limit);
            }
            List<Split> placements = new ArrayList<>();
            for (int i = 0; i < shown.size(); i += limit) {
                List<Shown> some = shown.subList(i, Math.min(shown.size(), i + limit));
                List<Mailbox> hiddenOnes = take(blind, limit - some.size());
                placements.add(visible(some, hiddenOnes, all, notCarried));
            }
            List<String> notCarriedAlone = new ArrayList<>(notCarried);
            notCarriedAlone.add("To as it is (it names the one recipient)");
            blind.forEach((_, same) ->
                    placements.add(
                            new Split(
                                    List.of(blind(same)),
                                    List.of(),
                                    List.of(),
                                    same,
                                    notCarriedAlone)));
            return placements;
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
            List<String> words = new ArrayList<>(hidden);
            if (words.size() <= NAMED_LIMIT) {
                return words;
            }
            List<String> some = new ArrayList<>(words.subList(0, NAMED_LIMIT));
            some.add((words.size() - NAMED_LIMIT) + " more of To and Cc");
            return some;
        }

        private static Mailbox blind(List<ForwardPath> same) {
            return new Mailbox(same.getFirst().address(), "");
        }

        private static List<Mailbox> take(Map<String, List<ForwardPath>> blind, int count) {
            List<Mailbox> taken = new ArrayList<>();
            List<String> keys = new ArrayList<>(blind.keySet());
            for (String key : keys.subList(0, Math.min(count, keys.size()))) {
                List<ForwardPath> same = blind.remove(key);
                if (same != null) {
                    taken.add(blind(same));
                }
            }
            return taken;
        }

        private static Split visible(
                List<Shown> shown,
                List<Mailbox> bcc,
                Map<String, List<ForwardPath>> all,
                List<String> notCarried) {
            List<Mailbox> to = shown.stream().filter(Shown::isTo).map(Shown::mailbox).toList();
            List<Mailbox> cc = shown.stream().filter(s -> !s.isTo()).map(Shown::mailbox).toList();
            List<String> lost = new ArrayList<>(notCarried);
            List<Mailbox> mailed = new ArrayList<>(to);
            mailed.addAll(cc);
            mailed.addAll(bcc);
            List<ForwardPath> concerned = new ArrayList<>();
            for (Mailbox one : mailed) {
                concerned.addAll(all.getOrDefault(Recipients.key(one.address()), List.of()));
            }
            if (to.isEmpty()) {
                // Each of these APIs wants a To.
                lost.add("Cc as Cc");
                return new Split(cc, List.of(), bcc, concerned, lost);
            }
            return new Split(to, cc, bcc, concerned, lost);
        }
    }
}
