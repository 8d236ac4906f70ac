package dev.postern.mail;

import java.util.List;

/// Who a message is from and for, as spoken in MAIL and RCPT: the law of its delivery, whatever its
/// header says.
///
/// @param sender the reverse-path
/// @param recipients the forward-paths in the order spoken; at least one, none twice
/// @param smtpUtf8 whether the client asked for SMTPUTF8 (RFC 6531 §3.4)
public record Envelope(ReversePath sender, List<ForwardPath> recipients, boolean smtpUtf8) {

    public Envelope {
        recipients = List.copyOf(recipients);
        if (recipients.isEmpty()) {
            throw new IllegalArgumentException("an envelope needs a recipient");
        }
    }

    /// Returns an envelope that asks for SMTPUTF8 where an address needs it.
    public static Envelope of(ReversePath sender, List<ForwardPath> recipients) {
        boolean ascii =
                ALabels.isAscii(sender.address())
                        && recipients.stream().allMatch(each -> ALabels.isAscii(each.address()));
        return new Envelope(sender, recipients, !ascii);
    }

    /// Returns this envelope for some of its recipients.
    public Envelope to(List<ForwardPath> some) {
        return new Envelope(sender, some, smtpUtf8);
    }
}
