package dev.postern.egress.http;

import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An address in a header field, with the name that is shown for it (RFC 5322 §3.4).
///
/// @param address `local@domain`
/// @param name decoded; empty without one
record Mailbox(String address, String name) {

    private static final Pattern ANGLED =
            Pattern.compile("(\"[^\"]*\"|[^,<>\"]*)<([^<>\\s]+@[^<>\\s]+)>");
    private static final Pattern BARE = Pattern.compile("()([^\\s,;:<>\"()]+@[^\\s,;:<>\"()]+)");
    private static final Pattern PLAIN =
            Pattern.compile("(?:\"(?:[^\"\\\\]|\\\\.)*\"|[^\\s,;:<>\"()@]+)@[^\\s,;:<>\"()@]+");
    private static final Pattern IN_ANGLES = Pattern.compile("<[^<>]*>");
    private static final Pattern SPECIAL = Pattern.compile("[^A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]");

    /// Returns the mailboxes of a raw field value, groups opened; what can't be understood is
    /// passed over. Comments and blanks may be wherever RFC 5322 §4.4 lets them be.
    static List<Mailbox> parse(String raw) {
        List<Mailbox> mailboxes = understood(raw);
        if (mailboxes.isEmpty()) {
            String cleaned = closedUp(HeaderText.withoutComments(raw));
            mailboxes = understood(cleaned);
            return mailboxes.isEmpty() ? salvaged(cleaned) : mailboxes;
        }
        return mailboxes;
    }

    /// Returns the mailboxes; none when one of them isn't plain.
    private static List<Mailbox> understood(String raw) {
        List<Mailbox> mailboxes = new ArrayList<>();
        try {
            for (InternetAddress address : InternetAddress.parseHeader(raw, false)) {
                InternetAddress[] group = address.getGroup(false);
                for (InternetAddress one :
                        group == null ? new InternetAddress[] {address} : group) {
                    String spoken = one.getAddress();
                    if (spoken.contains("@") && !PLAIN.matcher(spoken).matches()) {
                        return List.of();
                    }
                    add(mailboxes, spoken, nameOf(one));
                }
            }
        } catch (AddressException _) {
            return List.of();
        }
        return mailboxes;
    }

    /// Returns the value without blanks around the dots and the `@` of addresses.
    private static String closedUp(String value) {
        return IN_ANGLES
                .matcher(value)
                .replaceAll(found ->
                        Matcher.quoteReplacement(
                                found.group().replaceAll("\\s*([.@<>])\\s*", "$1")));
    }

    private static String nameOf(InternetAddress address) {
        String personal = address.getPersonal();
        return personal == null ? "" : personal;
    }

    private static List<Mailbox> salvaged(String raw) {
        List<Mailbox> mailboxes = new ArrayList<>();
        Matcher found = (raw.contains("<") ? ANGLED : BARE).matcher(raw);
        while (found.find()) {
            add(mailboxes, found.group(2), found.group(1).replace("\"", "").strip());
        }
        return mailboxes;
    }

    private static void add(List<Mailbox> to, String address, String name) {
        String plain = HeaderText.octetsDecoded(address).strip();
        if (PLAIN.matcher(plain).matches()) {
            to.add(new Mailbox(plain, HeaderText.decode(name)));
        }
    }

    /// Returns it as APIs take it in one text: `"Doe, Jane" <jane@example.org>`.
    @Override
    public String toString() {
        if (name.isEmpty()) {
            return address;
        }
        boolean quote = SPECIAL.matcher(name).find();
        String shown =
                quote ? "\"" + name.replace("\\", "\\\\").replace("\"", "\\\"") + "\"" : name;
        return shown + " <" + address + ">";
    }
}
