package dev.postern.spool;

import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers operators' questions for pages of messages.
final class Listing {

    private static final Logger log = LoggerFactory.getLogger(Listing.class);

    /// Recipients on a page at most, unless its only message has more: what memory can bear.
    static final int PAGE_RECIPIENTS = 20_000;

    private final QueueIndex queueIndex;
    private final MessageStates snapshots;

    Listing(QueueIndex queueIndex, MessageStates snapshots) {
        this.queueIndex = queueIndex;
        this.snapshots = snapshots;
    }

    Page page(Query query) {
        long[] ids = candidates(query);
        List<QueuedMessage> messages = new ArrayList<>();
        int recipients = 0;
        for (int i = ids.length - 1; i >= 0; i--) {
            QueuedMessage message = isExcluded(query, ids[i]) ? null : read(ids[i]);
            if (message != null && matches(query, message)) {
                recipients += message.recipients().size();
                boolean more = messages.size() < query.limit() && recipients <= PAGE_RECIPIENTS;
                if (!more && !messages.isEmpty()) {
                    return new Page(messages, messages.getLast().id());
                }
                messages.add(message);
            }
        }
        return new Page(messages, null);
    }

    private long[] candidates(Query query) {
        QueueId after = query.after();
        long below = after == null ? Long.MAX_VALUE : after.value();
        long[] ids;
        synchronized (queueIndex) {
            MessageTable index = queueIndex.index();
            DueQueues lines = queueIndex.lines();
            ids =
                    index.ids(row ->
                            index.id(row) < below
                                    && (query.state() == null
                                            || lines.shownState(row) == query.state()));
        }
        Arrays.sort(ids);
        return ids;
    }

    /// Returns whether the catalogue knows that a message is not asked for.
    private boolean isExcluded(Query query, long id) {
        if (query.sender() == null && query.recipient() == null) {
            return false;
        }
        synchronized (queueIndex) {
            int row = queueIndex.index().find(id);
            Catalogue catalogue = queueIndex.catalogue();
            return row == MessageTable.NONE
                    || catalogue.match(row, id, query.sender(), query.recipient())
                            == Catalogue.Match.NO;
        }
    }

    private @Nullable QueuedMessage read(long id) {
        QueueIndex.Found found = queueIndex.find(id);
        if (found == null) {
            return null;
        }
        try {
            return Views.shown(snapshots.load(id, found), found);
        } catch (IOException e) {
            log.atError()
                    .setCause(e)
                    .addKeyValue("id", new QueueId(id))
                    .log("message can't be read");
            return null;
        }
    }

    private static boolean matches(Query query, QueuedMessage message) {
        return (query.state() == null || message.state() == query.state())
                && contains(message.envelope().sender().address(), query.sender())
                && (query.recipient() == null
                        || message.recipients().stream()
                                .map(Recipient::address)
                                .anyMatch(to -> contains(to.address(), query.recipient())));
    }

    private static boolean contains(String address, @Nullable String part) {
        return part == null
                || address.toLowerCase(Locale.ROOT).contains(part.toLowerCase(Locale.ROOT));
    }
}
