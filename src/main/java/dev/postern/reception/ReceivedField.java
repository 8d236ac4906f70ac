package dev.postern.reception;

import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Pattern;

/// The Received field that is put first in every message (RFC 5321 §4.4).
///
/// It never says for whom: with one recipient that would name a Bcc in the header that we just took
/// out.
public final class ReceivedField {

    /// RFC 5322 §3.3.
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE, d MMM yyyy HH:mm:ss Z", Locale.ENGLISH)
                    .withZone(ZoneOffset.UTC);

    /// A Domain or an address literal (RFC 5321 §4.1.2); what else clients call themselves is not
    /// repeated.
    private static final Pattern CLIENT_NAME =
            Pattern.compile(
                    "[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_])?|\\[[A-Za-z0-9:.]+]");

    /// The last second that was written out: thousands of messages share it.
    private static volatile Dated lastDated = new Dated(0, DATE.format(Instant.EPOCH));

    private record Dated(long second, String text) {}

    private ReceivedField() {}

    /// Returns the field without its last CRLF.
    ///
    /// @param withClient whether it says where the message came from
    public static String field(
            Origin origin, String hostname, QueueId id, Instant received, boolean withClient) {
        StringBuilder field = new StringBuilder("Received: ");
        if (withClient) {
            field.append("from ").append(clientName(origin)).append(" (");
            field.append(literal(origin.client())).append(")\r\n\t");
        }
        field.append("by ").append(hostname).append(" (Postern) with ").append(origin.protocol());
        field.append(" id ").append(id).append(";\r\n\t").append(date(received));
        return field.toString();
    }

    /// Returns a moment as header fields have it, to the second.
    static String date(Instant moment) {
        Dated last = lastDated;
        if (last.second() != moment.getEpochSecond()) {
            last = new Dated(moment.getEpochSecond(), DATE.format(moment));
            lastDated = last;
        }
        return last.text();
    }

    private static String clientName(Origin origin) {
        if (CLIENT_NAME.matcher(origin.helo()).matches()) {
            return origin.helo();
        }
        return origin.helo().isEmpty() ? literal(origin.client()) : "unknown";
    }

    /// RFC 5321 §4.1.3.
    private static String literal(String client) {
        return client.indexOf(':') >= 0 ? "[IPv6:" + client + "]" : "[" + client + "]";
    }

    /// Returns the `with` word (RFC 3848; RFC 6531 §4.3 for the UTF8 ones).
    public static String protocol(
            boolean extended, boolean secure, boolean authenticated, boolean smtpUtf8) {
        if (!extended && !smtpUtf8) {
            return "SMTP";
        }
        String suffix = (secure ? "S" : "") + (authenticated ? "A" : "");
        return (smtpUtf8 ? "UTF8SMTP" : "ESMTP") + suffix;
    }
}
