package dev.postern.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.postern.egress.EgressView.Way;
import dev.postern.egress.Probe;
import java.io.IOException;
import java.util.List;

/// The JSON shapes of an egress and of a probe.
final class EgressJson {

    private EgressJson() {}

    static void write(JsonGenerator json, EgressView view) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", view.name());
        json.writeStringField("type", view.type());
        json.writeStringField("state", view.state().word());
        Json.text(json, "reason", view.reason());
        Json.text(json, "last-error", view.lastError());
        Json.time(json, "last-success", view.lastSuccess());
        Json.time(json, "next-probe", view.nextProbe());
        candidates(json, view.candidates());
        json.writeEndObject();
    }

    private static void candidates(JsonGenerator json, List<Way> candidates) throws IOException {
        json.writeArrayFieldStart("candidates");
        for (Way candidate : candidates) {
            json.writeStartObject();
            json.writeNumberField("port", candidate.port());
            json.writeStringField("address", candidate.address());
            json.writeStringField("result", candidate.result());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    static void write(JsonGenerator json, String egress, Probe probe) throws IOException {
        json.writeStartObject();
        json.writeStringField("egress", egress);
        switch (probe) {
            case Probe.Passed passed -> result(json, "passed", passed.detail());
            case Probe.Unproven unproven -> result(json, "unproven", unproven.detail());
            case Probe.Failed failed -> {
                result(json, "failed", failed.reply());
                json.writeStringField("reason", failed.fault().word());
            }
        }
        json.writeEndObject();
    }

    private static void result(JsonGenerator json, String word, String detail) throws IOException {
        json.writeStringField("result", word);
        json.writeStringField("detail", detail);
    }
}
