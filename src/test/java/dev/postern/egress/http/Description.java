package dev.postern.egress.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What a provider says of the one call of its API that sends, in OpenAPI, without the prose:
/// `/openapi/*.json`.
final class Description {

    private static final Set<String> TYPES = Set.of("sendgrid", "mailgun", "resend");

    private Description() {}

    /// Returns whether there is a description of the provider's API.
    static boolean isOf(String type) {
        return TYPES.contains(type);
    }

    /// Writes it as Prism wants it, and returns the file.
    static Path written(String type, Path directory) throws IOException {
        try (InputStream in = Description.class.getResourceAsStream("/openapi/" + type + ".json")) {
            ObjectNode all = (ObjectNode) JsonAnswer.MAPPER.readTree(in);
            if (type.equals("mailgun")) {
                tellOfArrays(all, all.path("paths").elements().next());
            }
            return Files.writeString(directory.resolve(type + ".json"), all.toString());
        }
    }

    /// Says of each field of the form that may be repeated that it may, and that an address may
    /// have an `@`: OpenAPI takes that for granted, Prism wants to be told (and looks only at the
    /// last of several).
    private static void tellOfArrays(ObjectNode all, JsonNode sending) {
        ObjectNode form =
                (ObjectNode) sending.at("/post/requestBody/content").path("multipart/form-data");
        String schema = form.at("/schema/$ref").asText().substring(1);
        ObjectNode encoding = form.putObject("encoding");
        List<String> repeated = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : all.at(schema).path("properties").properties()) {
            if (field.getValue().path("type").asText().equals("array")) {
                repeated.add(field.getKey());
            }
        }
        for (String field : repeated) {
            encoding.putObject(field)
                    .put("style", "form")
                    .put("explode", true)
                    .put("allowReserved", true);
        }
    }
}
