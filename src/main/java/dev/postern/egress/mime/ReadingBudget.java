package dev.postern.egress.mime;

import java.io.IOException;

/// What the reading of one message may find, and hold in memory.
///
/// **Contract.** Whoever keeps something of a message counts it here first. One reading has one
/// allowance.
///
/// **Diagnostics.** Beyond a limit a [MessageLimitException] is thrown: the egress is not suited
/// for such a message.
///
/// **Limits.** [#HEADER_LIMIT_OCTETS] kept of one header section, [#HEADERS_LIMIT_OCTETS] of all of
/// them, [#FIELDS_LIMIT] fields in all; [#PARTS_LIMIT] parts, [#DEPTH_LIMIT] multiparts in each
/// other; [#ADDRESSES_LIMIT] addresses, [#PARAMETERS_LIMIT] parameters in a field. Messages of
/// which more than [#SMALL_OCTETS] are kept are sent one at a time, whatever the egress
/// ([ContentCursor#takeTurn]): what is made of a header section takes ten times its octets.
public final class ReadingBudget {

    static final int HEADER_LIMIT_OCTETS = 1024 * 1024;
    static final int HEADERS_LIMIT_OCTETS = 2 * HEADER_LIMIT_OCTETS;
    static final int FIELDS_LIMIT = 10_000;
    static final int PARTS_LIMIT = 2_000;
    public static final int DEPTH_LIMIT = 100;
    static final int ADDRESSES_LIMIT = 5_000;
    static final int PARAMETERS_LIMIT = 1_000;

    static final int SMALL_OCTETS = 64 * 1024;

    /// What objects take beside the octets in them, roughly.
    private static final int OVERHEAD_OCTETS = 32;

    private final ContentCursor content;
    private int sectionOctets;
    private int headerOctets;
    private int fields;
    private int parts;
    private int addresses;

    /// @param content the content of the message that is read
    ReadingBudget(ContentCursor content) {
        this.content = content;
    }

    /// Counts a header section that begins.
    void section() {
        sectionOctets = 0;
    }

    /// Returns how many octets the present header section may still have.
    int sectionOctetsLeft() {
        return HEADER_LIMIT_OCTETS - sectionOctets;
    }

    /// Counts octets that are kept of a header section.
    void header(int octets) throws IOException {
        sectionOctets += octets;
        headerOctets += octets;
        check(sectionOctets, HEADER_LIMIT_OCTETS, "octets of header fields");
        check(headerOctets, HEADERS_LIMIT_OCTETS, "octets of its parts' header fields");
        weigh();
    }

    /// Counts a header field.
    void field() throws IOException {
        fields = one(fields, FIELDS_LIMIT, "header fields");
    }

    /// Counts a part.
    void part() throws IOException {
        parts = one(parts, PARTS_LIMIT, "parts");
    }

    /// Looks at how many multiparts are in each other.
    void depth(int multiparts) throws MessageLimitException {
        check(multiparts, DEPTH_LIMIT, "multiparts in each other");
    }

    /// Counts addresses.
    void addresses(int count) throws IOException {
        addresses = one(addresses + count - 1, ADDRESSES_LIMIT, "addresses");
    }

    private int one(int before, int limit, String what) throws IOException {
        check(before + 1, limit, what);
        weigh();
        return before + 1;
    }

    /// Throws when a message has more of something than is read of any.
    public static void check(int count, int limit, String what) throws MessageLimitException {
        if (count > limit) {
            throw new MessageLimitException("more than " + limit + " " + what);
        }
    }

    private void weigh() throws IOException {
        if (headerOctets + OVERHEAD_OCTETS * (fields + parts + addresses) > SMALL_OCTETS) {
            content.takeTurn();
        }
    }

    /// A message has more of something than is read of any. Its message names the limit, after "a
    /// message with": `more than 2000 parts`.
    public static final class MessageLimitException extends IOException {

        private static final long serialVersionUID = 1L;

        MessageLimitException(String what) {
            super(what);
        }

        /// Anybody can send such messages: a stack trace for each costs more than it tells.
        @Override
        public Throwable fillInStackTrace() {
            return this;
        }
    }
}
