package dev.postern.spool;

import org.jspecify.annotations.Nullable;

/// What a record of the journal says. Codes are for ever.
enum RecordType {
    /// A piece of content; its link is the position of the piece before it.
    CONTENT(1),
    /// A message exists: the commit point. A [MessageState], as all down to [#COPIED].
    ACCEPTED(2),
    /// Attempts brought something, and more is owed.
    SETTLED(3),
    /// An operator holds it.
    HELD(4),
    /// An operator let it go.
    RELEASED(5),
    /// An operator makes it try again.
    RETRIED(6),
    /// Nothing more is owed.
    DONE(7),
    /// The same as before in a new place, after its content.
    COPIED(8),
    /// An attempt is about to pass its commit point. No body.
    COMMITTING(9),
    /// The message is gone. No body; its link is the range of segments that may know it still.
    REMOVED(10);

    private static final RecordType[] BY_CODE = new RecordType[11];

    static {
        for (RecordType type : values()) {
            BY_CODE[type.code] = type;
        }
    }

    private final int code;

    RecordType(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    /// Returns whether its body is the whole state of a message.
    boolean isSnapshot() {
        return code >= ACCEPTED.code && code <= COPIED.code;
    }

    /// Returns the type with this code; null when this version knows none.
    static @Nullable RecordType of(int code) {
        return code > 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }
}
