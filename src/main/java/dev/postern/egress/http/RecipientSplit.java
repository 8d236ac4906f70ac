package dev.postern.egress.http;

import dev.postern.egress.mime.Mailbox;
import dev.postern.egress.mime.ParsedMessage;
import dev.postern.mail.ForwardPath;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

/// Where the recipients of one call stand, for APIs whose To, Cc and Bcc are both what is shown and
/// who is mailed. The envelope decides who is mailed, the header where one is shown.
///
/// @param to shown as To; never empty
/// @param cc shown as Cc
/// @param bcc shown to nobody
/// @param concerned all recipients that these stand for
/// @param notCarried what the header shows and this can't
record RecipientSplit(
        List<Mailbox> to,
        List<Mailbox> cc,
        List<Mailbox> bcc,
        List<ForwardPath> concerned,
        List<String> notCarried) {

    /// Addresses that are named when they can't be shown; of more only the number is told.
    private static final int NAMED_LIMIT = 5;

    RecipientSplit {
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
    static List<RecipientSplit> of(List<ForwardPath> recipients, ParsedMessage message, int limit) {
        SequencedMap<String, List<ForwardPath>> blind = Recipients.distinct(recipients);
        SequencedMap<String, List<ForwardPath>> all = new LinkedHashMap<>(blind);
        Set<String> hidden = new LinkedHashSet<>();
        SequencedMap<String, Shown> named = new LinkedHashMap<>();
        collect(message.to(), true, blind, named, hidden);
        collect(message.cc(), false, blind, named, hidden);
        List<Shown> shown = List.copyOf(named.values());
        List<String> notCarried = new ArrayList<>(inWords(hidden));
        if (shown.size() > limit) {
            notCarried.add("To and Cc in one message: " + shown.size() + " in calls of " + limit);
        }
        List<RecipientSplit> placements = new ArrayList<>();
        for (int i = 0; i < shown.size(); i += limit) {
            List<Shown> some = shown.subList(i, Math.min(shown.size(), i + limit));
            List<Mailbox> hiddenOnes = take(blind, limit - some.size());
            placements.add(visible(some, hiddenOnes, all, notCarried));
        }
        List<String> notCarriedAlone = new ArrayList<>(notCarried);
        notCarriedAlone.add("To as it is (it names the one recipient)");
        blind.forEach((_, same) ->
                placements.add(
                        new RecipientSplit(
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

    private static RecipientSplit visible(
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
            return new RecipientSplit(cc, List.of(), bcc, concerned, lost);
        }
        return new RecipientSplit(to, cc, bcc, concerned, lost);
    }
}
