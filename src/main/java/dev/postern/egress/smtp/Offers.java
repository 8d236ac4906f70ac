package dev.postern.egress.smtp;

import dev.postern.smtp.Extension;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What a next hop offered in its EHLO reply, as far as we use it.
///
/// @param sizeBytes the largest message (RFC 1870 §4); 0: no limit is known
/// @param eightBit 8BITMIME (RFC 6152)
/// @param smtpUtf8 SMTPUTF8 (RFC 6531)
/// @param size whether MAIL may say SIZE=
/// @param pipelining whether commands may go out together (RFC 2920)
/// @param recipientsMax recipients of one transaction (RFC 9422 §4.2)
record Offers(
        long sizeBytes,
        boolean eightBit,
        boolean smtpUtf8,
        boolean size,
        boolean pipelining,
        int recipientsMax) {

    private static final String RECIPIENTS_MAX = "RCPTMAX=";

    static Offers of(SubmissionTransport transport) {
        String size = transport.getExtensionParameter(Extension.SIZE.keyword());
        return new Offers(
                number(size, 0),
                transport.supportsExtension(Extension.EIGHT_BIT_MIME.keyword()),
                transport.supportsExtension(Extension.SMTPUTF8.keyword()),
                size != null,
                transport.supportsExtension(Extension.PIPELINING.keyword()),
                recipientsMax(transport.getExtensionParameter(Extension.LIMITS.keyword())));
    }

    private static int recipientsMax(@Nullable String limits) {
        if (limits != null) {
            for (String limit : limits.toUpperCase(Locale.ROOT).split(" ")) {
                if (limit.startsWith(RECIPIENTS_MAX)) {
                    long max = number(limit.substring(RECIPIENTS_MAX.length()), 0);
                    return max > 0 && max < Integer.MAX_VALUE ? (int) max : Integer.MAX_VALUE;
                }
            }
        }
        return Integer.MAX_VALUE;
    }

    /// Servers exist that say `SIZE` alone, or with words behind it.
    private static long number(@Nullable String text, long otherwise) {
        if (text == null) {
            return otherwise;
        }
        try {
            return Long.parseLong(text.strip().split(" ", 2)[0]);
        } catch (NumberFormatException _) {
            return otherwise;
        }
    }
}
