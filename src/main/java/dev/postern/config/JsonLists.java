package dev.postern.config;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;

/// Writes lists into the JSON that a generator makes.
public final class JsonLists {

    private JsonLists() {}

    /// Writes the members of an object that tells of something.
    @FunctionalInterface
    public interface MembersOf<T> {
        void write(JsonGenerator json, T it) throws IOException;
    }

    /// Writes a member that is a list of objects.
    public static <T> void objects(
            JsonGenerator json, String name, List<T> items, MembersOf<? super T> members)
            throws IOException {
        json.writeArrayFieldStart(name);
        for (T item : items) {
            json.writeStartObject();
            members.write(json, item);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /// Writes a member that is a list of texts.
    public static void texts(JsonGenerator json, String name, List<String> texts)
            throws IOException {
        json.writeFieldName(name);
        json.writeArray(texts.toArray(String[]::new), 0, texts.size());
    }
}
