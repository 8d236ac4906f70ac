package dev.postern.spool;

import java.io.IOException;

/// Finds the newest snapshots of messages, in memory or on disk.
final class MessageStates {

    private final QueueIndex queueIndex;
    private final JournalReader reader;

    MessageStates(QueueIndex queueIndex, JournalReader reader) {
        this.queueIndex = queueIndex;
        this.reader = reader;
    }

    /// Reads a message's newest snapshot, which may move meanwhile.
    ///
    /// @param start where it was found
    /// @throws IOException when it can't be read, or the message has gone
    MessageState load(long id, QueueIndex.Found start) throws IOException {
        QueueIndex.Found found = start;
        while (true) {
            MessageState recent = found.snapshot();
            if (recent != null) {
                return recent;
            }
            try {
                return reader.snapshot(id, found.head());
            } catch (IOException e) {
                QueueIndex.Found again = queueIndex.find(id);
                if (again == null || (again.head() == found.head() && again.snapshot() == null)) {
                    throw e;
                }
                found = again;
            }
        }
    }
}
