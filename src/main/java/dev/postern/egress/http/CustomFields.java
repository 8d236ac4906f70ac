package dev.postern.egress.http;

import dev.postern.egress.mime.Fields;
import dev.postern.egress.mime.HeaderText;
import dev.postern.egress.mime.ParsedMessage.NotCarried;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// The header fields that go along as they are: all but those that the API makes itself of what it
/// is told, those that belong to the way that the message came, and the signatures over what is no
/// more.
///
/// @param all the fields, values in ASCII
record CustomFields(List<CustomFields.Custom> all) {

    /// One of them.
    ///
    /// @param name as it is spelled
    /// @param value in ASCII
    record Custom(String name, String value) {}

    /// What each API is told otherwise, or makes itself.
    private static final Set<String> TOLD =
            Set.of("from", "to", "cc", "bcc", "reply-to", "subject", "mime-version");

    /// What belongs to the way that the message came.
    private static final Set<String> TRACE =
            Set.of(
                    "received",
                    "received-spf",
                    "return-path",
                    "delivered-to",
                    "x-original-to",
                    "envelope-to",
                    "authentication-results");

    private static final Set<String> SIGNATURES = Set.of("dkim-signature", "domainkey-signature");

    /// What is compared with other messages' ids, octet by octet.
    private static final Set<String> IDS = Set.of("message-id", "in-reply-to", "references");

    /// What has addresses or links, beside `Resent-*` and `List-*`.
    private static final Set<String> STRUCTURED =
            Set.of(
                    "sender",
                    "disposition-notification-to",
                    "return-receipt-to",
                    "errors-to",
                    "mail-followup-to",
                    "mail-reply-to");

    /// By this we know the field that we put first ourselves (RFC 5321 §4.4).
    private static final String OURS = " (Postern) with ";

    CustomFields {
        all = List.copyOf(all);
    }

    /// @param reserved says of a name in small letters whether this API does otherwise what such a
    ///   field says
    /// @param notCarried is told of those that go nowhere
    static CustomFields of(Fields fields, Predicate<String> reserved, NotCarried notCarried) {
        List<Custom> custom = new ArrayList<>();
        Set<String> signatures = new LinkedHashSet<>();
        int subject = 0;
        for (Fields.Field field : fields.all()) {
            String name = field.name().toLowerCase(Locale.ROOT);
            boolean ours =
                    name.equals("received")
                            && field.equals(fields.all().getFirst())
                            && HeaderText.decode(field.value()).contains(OURS);
            // Those of the content are told of where it is read.
            boolean told = TOLD.contains(name) || name.startsWith("content-");
            if (name.equals("subject") && subject++ > 0) {
                notCarried.add("second Subject");
            }
            if (ours || told || reserved.test(name)) {
                continue;
            }
            if (SIGNATURES.contains(name) || name.startsWith("arc-")) {
                signatures.add(field.name());
            } else if (TRACE.contains(name)) {
                notCarried.add(field.name());
            } else if (field.value().isEmpty()) {
                notCarried.add("empty " + field.name());
            } else {
                value(name, field.value())
                        .ifPresentOrElse(
                                value -> custom.add(new Custom(field.name(), value)),
                                () -> notCarried.add(field.name()));
                // What is in ASCII stays as it is, and is for others to read.
                if (!HeaderText.isAscii(field.value()) && HeaderText.isGuessed(field.value())) {
                    notCarried.add("charset of " + field.name());
                }
            }
        }
        if (!signatures.isEmpty()) {
            notCarried.add("signatures, void by rebuilding: " + String.join(", ", signatures));
        }
        return new CustomFields(custom);
    }

    /// Returns a value in ASCII; empty where an address or an id in it can't be said so.
    private static Optional<String> value(String name, Fields.Raw raw) {
        if (IDS.contains(name)) {
            return Optional.of(HeaderText.ascii(raw)).filter(_ -> HeaderText.isAscii(raw));
        }
        return STRUCTURED.contains(name) || name.startsWith("resent-") || name.startsWith("list-")
                ? HeaderText.structured(raw)
                : Optional.of(HeaderText.ascii(raw));
    }

    /// Returns the fields for an API that takes each name once: the first of each.
    ///
    /// @param notCarried is told of the others
    Map<String, String> once(NotCarried notCarried) {
        Map<String, String> first = new LinkedHashMap<>();
        Set<String> names = new HashSet<>();
        for (Custom field : all) {
            if (names.add(field.name().toLowerCase(Locale.ROOT))) {
                first.put(field.name(), field.value());
            } else {
                notCarried.add("second " + field.name());
            }
        }
        return first;
    }
}
