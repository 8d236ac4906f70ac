package dev.postern.egress.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postern.testing.Programs;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/// What a provider says of its API in OpenAPI: the files lie beside the checkout where there are
/// any. Prism gets a copy with the one call that sends.
final class Description {

    private static final int FILE_LIMIT_BYTES = 16 * 1024 * 1024;

    /// The file and the call that sends, by provider.
    private static final Map<String, List<String>> CALLS =
            Map.of(
                    "sendgrid",
                    List.of("sendgrid-tsg_mail_v3.yaml", "/v3/mail/send"),
                    "mailgun",
                    List.of("mailgun-mcp-openapi.yaml", "/v3/{domain_name}/messages.mime"),
                    "resend",
                    List.of("resend.yaml", "/emails"));

    private Description() {}

    /// Returns whether there is a description of the provider's API.
    static boolean isOf(String type) {
        return CALLS.containsKey(type);
    }

    /// Writes what of a provider's description is about the call that sends, and returns the file.
    static Path trimmed(String type, Path directory) throws IOException {
        List<String> call = CALLS.get(type);
        ObjectNode all = (ObjectNode) read(require().resolve(call.getFirst()));
        JsonNode sending = all.path("paths").path(call.getLast());
        if (sending.isMissingNode()) {
            throw new IOException(type + "'s description lacks " + call.getLast());
        }
        all.putObject("paths").set(call.getLast(), sending);
        if (type.equals("mailgun")) {
            tellOfArrays(all, sending);
        }
        Path copy = directory.resolve(type + ".json");
        Files.writeString(copy, all.toString());
        return copy;
    }

    private static Path require() {
        Path shared = Corpus.shared("research/openapi");
        Programs.needs(
                Files.isDirectory(shared),
                "descriptions not found: put them into ../shared/research/openapi");
        return shared;
    }

    private static JsonNode read(Path file) throws IOException {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(FILE_LIMIT_BYTES);
        options.setMaxAliasesForCollections(Integer.MAX_VALUE);
        try (Reader reader = Files.newBufferedReader(file)) {
            Object tree = new Yaml(new SafeConstructor(options)).load(reader);
            return Json.MAPPER.valueToTree(tree);
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
