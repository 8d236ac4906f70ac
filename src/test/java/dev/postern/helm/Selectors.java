package dev.postern.helm;

import com.fasterxml.jackson.databind.JsonNode;

/// Label selectors, as Kubernetes evaluates them.
final class Selectors {

    private Selectors() {}

    /// Returns whether all labels of a selector's `matchLabels` are among `labels`.
    static boolean labels(JsonNode wanted, JsonNode labels) {
        return wanted.properties().stream()
                .allMatch(label -> label.getValue().equals(labels.get(label.getKey())));
    }

    /// Returns whether a whole selector matches; one that is missing or empty matches everything.
    static boolean matches(JsonNode selector, JsonNode labels) {
        return labels(selector.path("matchLabels"), labels)
                && Chart.stream(selector.path("matchExpressions"))
                        .allMatch(expression -> expression(expression, labels));
    }

    private static boolean expression(JsonNode expression, JsonNode labels) {
        String key = expression.path("key").asText();
        boolean among =
                labels.has(key)
                        && Chart.stream(expression.path("values"))
                                .anyMatch(value -> value.equals(labels.get(key)));
        return switch (expression.path("operator").asText()) {
            case "In" -> among;
            case "NotIn" -> !among;
            case "Exists" -> labels.has(key);
            case "DoesNotExist" -> !labels.has(key);
            default -> throw new IllegalStateException("no operator: " + expression);
        };
    }
}
