package dev.postern.egress.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The field `X-SMTPAPI`, by which apps steer SendGrid over SMTP, as members of its web API. Its
/// `to` would mail others than the envelope's recipients, so it is never followed.
final class SmtpApiField {

    private static final int CATEGORIES_LIMIT = 10;
    private static final int CATEGORY_LIMIT_CHARACTERS = 255;

    /// Filters, and where their switch is in the web API.
    private static final Map<String, List<String>> SWITCHES =
            Map.of(
                    "clicktrack", List.of("tracking_settings", "click_tracking"),
                    "opentrack", List.of("tracking_settings", "open_tracking"),
                    "subscriptiontrack", List.of("tracking_settings", "subscription_tracking"),
                    "bypass_list_management", List.of("mail_settings", "bypass_list_management"),
                    "sandbox_mode", List.of("mail_settings", "sandbox_mode"));

    private SmtpApiField() {}

    /// Adds to a request what the field says, and that the message shall not be changed for
    /// tracking where it says nothing.
    ///
    /// @param value the field's, decoded; empty without one
    /// @param notCarried is told what of it has no place
    static void apply(String value, ObjectNode json, NotCarried notCarried) {
        for (String name : List.of("clicktrack", "opentrack", "subscriptiontrack")) {
            flip(json, name, false);
        }
        JsonNode field = JsonAnswer.read(value);
        if (!value.isEmpty() && !field.isObject()) {
            notCarried.add("X-SMTPAPI (not JSON)");
        }
        for (Map.Entry<String, JsonNode> member : field.properties()) {
            if (!member(member.getKey(), member.getValue(), json, notCarried)) {
                notCarried.add("X-SMTPAPI " + member.getKey());
            }
        }
    }

    private static boolean member(String name, JsonNode value, ObjectNode json, NotCarried notCarried) {
        switch (name) {
            case "category" -> categories(value, json, notCarried);
            case "unique_args" ->
                    value.properties()
                            .forEach(arg -> customArg(arg.getKey(), text(arg.getValue()), json));
            case "send_at" -> json.put("send_at", value.asLong());
            case "asm_group_id" -> json.withObject("/asm").put("group_id", value.asLong());
            case "asm_groups_to_display" -> json.withObject("/asm").set("groups_to_display", value);
            case "ip_pool" -> json.put("ip_pool_name", value.asText());
            case "filters" ->
                    value.properties()
                            .forEach(filter ->
                                    filter(filter.getKey(), filter.getValue(), json, notCarried));
            default -> {
                return false;
            }
        }
        return true;
    }

    private static void customArg(String name, String value, ObjectNode json) {
        for (JsonNode personalization : json.path("personalizations")) {
            ((ObjectNode) personalization).withObject("/custom_args").put(name, value);
        }
    }

    private static String text(JsonNode value) {
        return value.isValueNode() ? value.asText() : value.toString();
    }

    private static void categories(JsonNode value, ObjectNode json, NotCarried notCarried) {
        Set<String> categories = new LinkedHashSet<>();
        if (value.isArray()) {
            value.forEach(category -> categories.add(category.asText()));
        } else {
            categories.add(value.asText());
        }
        ArrayNode array = json.putArray("categories");
        categories.remove("");
        for (String category : categories) {
            if (array.size() < CATEGORIES_LIMIT
                    && category.length() <= CATEGORY_LIMIT_CHARACTERS
                    && HeaderText.isAscii(category)) {
                array.add(category);
            } else {
                notCarried.add("X-SMTPAPI category " + category);
            }
        }
    }

    private static void filter(String name, JsonNode filter, ObjectNode json, NotCarried notCarried) {
        JsonNode enable = filter.path("settings").path("enable");
        if (SWITCHES.containsKey(name)) {
            flip(json, name, enable.asInt(0) == 1 || enable.asBoolean(false));
        } else {
            notCarried.add("X-SMTPAPI filter " + name);
        }
    }

    private static void flip(ObjectNode json, String filter, boolean on) {
        List<String> path = SWITCHES.getOrDefault(filter, List.of());
        json.withObject("/" + String.join("/", path)).put("enable", on);
    }
}
