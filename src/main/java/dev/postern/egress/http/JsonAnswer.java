package dev.postern.egress.http;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import java.util.Arrays;
import java.util.Optional;

/// Reads what servers and header fields say in JSON, whatever they say.
final class JsonAnswer {

    /// No answer and no field that we understand has more arrays and objects in each other.
    private static final int DEPTH_LIMIT = 50;

    static final ObjectMapper MAPPER =
            new ObjectMapper(
                    JsonFactory.builder()
                            .streamReadConstraints(
                                    StreamReadConstraints.builder()
                                            .maxNestingDepth(DEPTH_LIMIT)
                                            .build())
                            .build());

    private JsonAnswer() {}

    /// Returns the tree; a missing node when the text is no JSON.
    static JsonNode read(String text) {
        try {
            JsonNode tree = MAPPER.readTree(text);
            return tree == null ? MissingNode.getInstance() : tree;
        } catch (JacksonException _) {
            // Whoever asks looks for members, and finds none.
            return MissingNode.getInstance();
        }
    }

    /// Returns the tree of an answer's body.
    static JsonNode read(HttpAnswer answer) {
        return read(answer.body());
    }

    /// Returns a text of an answer that has the status of an acceptance; empty for any other.
    static Optional<String> accepted(HttpAnswer answer, int status, String member) {
        return answer.status() == status ? text(read(answer), member) : Optional.empty();
    }

    /// Returns `code: message` of a refusal, as far as there is any.
    ///
    /// @param member what the code's member is called
    static String refusal(HttpAnswer answer, String member) {
        JsonNode body = read(answer);
        String code = text(body, member).map(said -> said + ": ").orElse("");
        return code + text(body, "message").orElse("");
    }

    /// Returns whether an answer has all these texts.
    static boolean hasTexts(HttpAnswer answer, String... members) {
        JsonNode body = read(answer);
        return Arrays.stream(members).allMatch(member -> text(body, member).isPresent());
    }

    /// Returns a member that is a text of one character or more.
    static Optional<String> text(JsonNode tree, String member) {
        JsonNode value = tree.path(member);
        return value.isTextual() && !value.textValue().isBlank()
                ? Optional.of(value.textValue())
                : Optional.empty();
    }
}
