package dev.postern.egress.http;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

    private static final Set<String> NOT_CUSTOM =
            Set.of(
                    "from",
                    "to",
                    "cc",
                    "bcc",
                    "reply-to",
                    "subject",
                    "date",
                    "mime-version",
                    "received",
                    "received-spf",
                    "return-path",
                    "delivered-to",
                    "x-original-to",
                    "envelope-to",
                    "dkim-signature",
                    "domainkey-signature",
                    "authentication-results");

    CustomFields {
        all = List.copyOf(all);
    }

    /// @param reserved says of a name in small letters whether this API has no place for it
    static CustomFields of(Fields fields, Predicate<String> reserved) {
        List<Custom> custom = new ArrayList<>();
        for (Fields.Field field : fields.all()) {
            String name = field.name().toLowerCase(Locale.ROOT);
            boolean goes =
                    !NOT_CUSTOM.contains(name)
                            && !name.startsWith("content-")
                            && !name.startsWith("arc-")
                            && !reserved.test(name)
                            && !field.value().isEmpty();
            if (goes) {
                custom.add(new Custom(field.name(), HeaderText.ascii(field.value())));
            }
        }
        return new CustomFields(custom);
    }

    /// Returns the fields for an API that takes each name once: the first of each.
    ///
    /// @param notCarried is told of the others
    Map<String, String> once(Losses notCarried) {
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
