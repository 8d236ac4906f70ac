package dev.postern.egress.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Whom a request makes each provider mail, as its own documents say.
final class Mailed {

    private static final Pattern FORM_TO =
            Pattern.compile("name=\"to\"\r\n\r\n(.*?)\r\n", Pattern.DOTALL);
    private static final Pattern IN_LIST = Pattern.compile("(?:\"(?:[^\"\\\\]|\\\\.)*\"|[^,\"])+");

    private Mailed() {}

    /// Returns the addresses, repeated where the request repeats them.
    static List<String> by(String type, FakeApi.Request request) {
        List<String> mailed = new ArrayList<>();
        JsonNode json = JsonAnswer.read(request.text());
        switch (type) {
            case "mailgun" -> {
                Matcher to = FORM_TO.matcher(request.text());
                while (to.find()) {
                    mailed.add(to.group(1));
                }
            }
            case "ses" -> {
                for (String member : List.of("ToAddresses", "CcAddresses", "BccAddresses")) {
                    json.path("Destination").path(member).forEach(a -> mailed.add(a.asText()));
                }
            }
            case "sendgrid" ->
                    json.path("personalizations")
                            .forEach(p -> {
                                for (String member : List.of("to", "cc", "bcc")) {
                                    p.path(member)
                                            .forEach(a -> mailed.add(a.path("email").asText()));
                                }
                            });
            case "brevo" -> {
                for (String member : List.of("to", "cc", "bcc")) {
                    json.path(member).forEach(a -> mailed.add(a.path("email").asText()));
                }
            }
            case "resend" -> {
                for (String member : List.of("to", "cc", "bcc")) {
                    json.path(member).forEach(a -> mailed.add(bare(a.asText())));
                }
            }
            case "postmark" -> {
                for (String member : List.of("To", "Cc", "Bcc")) {
                    Matcher one = IN_LIST.matcher(json.path(member).asText());
                    while (one.find()) {
                        mailed.add(bare(one.group()));
                    }
                }
            }
            default -> throw new IllegalArgumentException(type);
        }
        return mailed;
    }

    private static String bare(String mailbox) {
        String text = mailbox.strip();
        return text.endsWith(">")
                ? text.substring(text.lastIndexOf('<') + 1, text.length() - 1)
                : text;
    }
}
