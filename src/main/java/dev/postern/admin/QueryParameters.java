package dev.postern.admin;

import dev.postern.config.Percent;
import io.helidon.webserver.http.ServerRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The parameters of a request's query: percent-encoded (RFC 3986 §3.4), and a plus sign is a plus
/// sign, as addresses such as `a+b@example.org` have it. Helidon's own reading makes it a blank.
record QueryParameters(Map<String, List<String>> values) {

    /// Returns those of a request.
    ///
    /// @throws Problem when they are no percent-encoded UTF-8
    static QueryParameters of(ServerRequest request) {
        return parse(request.query().rawValue());
    }

    static QueryParameters parse(String query) {
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (String parameter : query.split("&")) {
            if (!parameter.isEmpty()) {
                String[] parts = parameter.split("=", 2);
                String value = parts.length == 1 ? "" : decoded(parts[1]);
                values.computeIfAbsent(decoded(parts[0]), _ -> new ArrayList<>()).add(value);
            }
        }
        return new QueryParameters(values);
    }

    private static String decoded(String encoded) {
        String text = Percent.decode(encoded);
        if (text == null) {
            throw Problem.badRequest("The query is not percent-encoded UTF-8.");
        }
        return text;
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    /// Returns the first value of that name.
    Optional<String> first(String name) {
        return all(name).stream().findFirst();
    }

    /// Returns all values of that name, in their order.
    List<String> all(String name) {
        return List.copyOf(values.getOrDefault(name, List.of()));
    }
}
