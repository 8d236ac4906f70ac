package dev.postern.dispatch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;

/// The rounds that wait for a slot, in the order in which they should get one: clients that wait
/// first, then senders in turn, so that one with a thousand messages does not keep the others from
/// theirs.
final class FairQueue {

    private final Deque<DeliveryRound> clients = new ArrayDeque<>();
    private final LinkedHashMap<String, Deque<DeliveryRound>> bySender = new LinkedHashMap<>();

    void add(DeliveryRound round) {
        if (round.client() != null) {
            clients.add(round);
        } else {
            bySender.computeIfAbsent(sender(round), _ -> new ArrayDeque<>()).add(round);
        }
    }

    /// Takes a round out, if it is in. Its sender's next one comes after those of all others.
    void remove(DeliveryRound round) {
        if (round.client() != null) {
            clients.remove(round);
            return;
        }
        Deque<DeliveryRound> own = bySender.get(sender(round));
        if (own != null && own.remove(round)) {
            bySender.remove(sender(round));
            if (!own.isEmpty()) {
                bySender.put(sender(round), own);
            }
        }
    }

    /// Returns all of them, in turn.
    List<DeliveryRound> inTurn() {
        List<DeliveryRound> turn = new ArrayList<>(clients);
        List<Iterator<DeliveryRound>> senders = new ArrayList<>();
        bySender.values().forEach(own -> senders.add(own.iterator()));
        while (!senders.isEmpty()) {
            senders.removeIf(own -> !own.hasNext());
            senders.forEach(own -> turn.add(own.next()));
        }
        return turn;
    }

    private static String sender(DeliveryRound round) {
        return round.message().envelope().sender().address();
    }
}
