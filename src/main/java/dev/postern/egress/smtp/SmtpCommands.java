package dev.postern.egress.smtp;

import dev.postern.egress.OutboundMessage;
import dev.postern.mail.ALabels;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.ReversePath;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.smtp.Extension;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// How MAIL and RCPT are worded for one next hop: which parameters are needed and offered, and how
/// addresses are spelled.
///
/// @param offers what the next hop offers
/// @param strict whether content that the next hop did not promise to carry makes it unsuited
record SmtpCommands(Offers offers, boolean strict) {

    /// What is recorded when 8-bit content goes to a hop that did not offer 8BITMIME.
    static final String NO_8BITMIME = "no 8BITMIME";

    /// Returns why the next hop can't take this message for anyone; null when it can.
    @Nullable Outcome unsuitability(OutboundMessage outbound) {
        long sizeBytes = outbound.content().sizeBytes();
        if (offers.sizeBytes() > 0 && sizeBytes > offers.sizeBytes()) {
            String words =
                    "message of %d octets is larger than the server's SIZE %d"
                            .formatted(sizeBytes, offers.sizeBytes());
            return new Outcome.Unsuited(words, Unsuitability.SIZE);
        }
        if (isInternationalized(outbound) && !offers.smtpUtf8()) {
            return form("message has a header in UTF-8, and SMTPUTF8 is not offered");
        }
        if ((strict || !outbound.asItIs()) && !lost(outbound.content().traits()).isEmpty()) {
            return form("message is 8-bit, and 8BITMIME is not offered");
        }
        ReversePath sender = outbound.envelope().sender();
        return sender.isNull() ? null : unsuitability(sender.address(), "sender");
    }

    /// Returns why the next hop can't take a message for this recipient; null when it can.
    @Nullable Outcome unsuitability(ForwardPath recipient) {
        return unsuitability(recipient.address(), "recipient");
    }

    private @Nullable Outcome unsuitability(String address, String whose) {
        if (isUnspeakable(address)) {
            return new Outcome.Rejected(whose + "'s address holds characters that no address may");
        }
        if (spell(address) == null) {
            return form(whose + "'s address is not ASCII, and SMTPUTF8 is not offered");
        }
        return null;
    }

    private static Outcome form(String words) {
        return new Outcome.Unsuited(words, Unsuitability.FORM);
    }

    /// A header in UTF-8 that the client declared; an 8-bit header that it did not is sent as it
    /// came.
    private static boolean isInternationalized(OutboundMessage outbound) {
        return outbound.envelope().smtpUtf8() && outbound.content().traits().eightBitHeader();
    }

    /// Returns what the next hop did not promise to carry.
    List<String> lost(ContentTraits traits) {
        return traits.eightBit() && !offers.eightBit() ? List.of(NO_8BITMIME) : List.of();
    }

    /// Returns the MAIL command, with the parameters that this message needs and the next hop
    /// offers.
    byte[] mail(OutboundMessage outbound, List<ForwardPath> recipients) {
        ReversePath sender = outbound.envelope().sender();
        StringBuilder words = new StringBuilder("MAIL FROM:<");
        // The null reverse-path is an empty pair of brackets (RFC 5321 §4.5.5).
        words.append(sender.isNull() ? "" : spell(sender.address())).append('>');
        if (offers.size()) {
            // RFC 1870 §6.
            words.append(" SIZE=").append(outbound.content().sizeBytes());
        }
        if (offers.eightBit() && outbound.content().traits().eightBit()) {
            // RFC 6152 §2.
            words.append(" BODY=8BITMIME");
        }
        if (offers.smtpUtf8() && needsSmtpUtf8(outbound, recipients)) {
            // RFC 6531 §3.4.
            words.append(" SMTPUTF8");
        }
        return words.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static boolean needsSmtpUtf8(OutboundMessage outbound, List<ForwardPath> recipients) {
        return isInternationalized(outbound)
                || !ALabels.isAscii(outbound.envelope().sender().address())
                || recipients.stream().anyMatch(recipient -> !ALabels.isAscii(recipient.address()));
    }

    /// Returns the RCPT command.
    byte[] rcpt(ForwardPath recipient) {
        return ("RCPT TO:<" + spell(recipient.address()) + ">").getBytes(StandardCharsets.UTF_8);
    }

    /// Returns whether an address would end the brackets that it stands in, or the line: no address
    /// holds control characters, and angle brackets stand in a quoted local part only (RFC 5321
    /// §4.1.2).
    private static boolean isUnspeakable(String address) {
        if (address.chars().anyMatch(Character::isISOControl)) {
            return true;
        }
        int bare = 0;
        if (address.startsWith("\"")) {
            bare = 1;
            while (bare < address.length() && address.charAt(bare) != '"') {
                bare += address.charAt(bare) == '\\' ? 2 : 1;
            }
            if (bare++ >= address.length()) {
                return true;
            }
        }
        return address.chars().skip(bare).anyMatch(c -> c == '<' || c == '>' || c == '"');
    }

    /// Returns the address as this next hop understands it: a domain that is not ASCII as A-labels
    /// where SMTPUTF8 is not offered (RFC 6531 §3.2); null when that is not enough.
    ///
    /// It is the same mailbox, and with the local part in ASCII nothing of the envelope needs
    /// SMTPUTF8 any more (§3.5, §3.7.1). What the header says is another matter: see
    /// [#isInternationalized].
    private @Nullable String spell(String address) {
        return ALabels.isAscii(address) || offers.smtpUtf8()
                ? address
                : ALabels.address(address).filter(ALabels::isAscii).orElse(null);
    }

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
                    number(size),
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
                        long max = number(limit.substring(RECIPIENTS_MAX.length()));
                        return max > 0 && max < Integer.MAX_VALUE ? (int) max : Integer.MAX_VALUE;
                    }
                }
            }
            return Integer.MAX_VALUE;
        }

        /// Servers exist that say `SIZE` alone, or with words behind it.
        private static long number(@Nullable String text) {
            if (text == null) {
                return 0;
            }
            try {
                return Long.parseLong(text.strip().split(" ", 2)[0]);
            } catch (NumberFormatException _) {
                return 0;
            }
        }
    }
}
