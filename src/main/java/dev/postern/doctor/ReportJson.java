package dev.postern.doctor;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.postern.doctor.EgressReport.Step;
import dev.postern.doctor.Report.Finding;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;

/// The report as machines read it; docs/doctor.md tells the shape.
public final class ReportJson {

    private static final double MILLIS_PER_SECOND = 1000.0;
    private static final JsonFactory FACTORY = new JsonFactory();

    private ReportJson() {}

    /// Returns the report as one line of JSON.
    public static String of(Report report) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(text)) {
            write(json, report);
        } catch (IOException e) {
            throw new AssertionError("memory does not fail", e);
        }
        return text.toString();
    }

    /// Writes the report as an object.
    private static void write(JsonGenerator json, Report report) throws IOException {
        json.writeStartObject();
        json.writeStringField("at", report.at().truncatedTo(ChronoUnit.MILLIS).toString());
        seconds(json, report.took());
        json.writeBooleanField("complete", report.complete());
        json.writeBooleanField("works", report.works());
        json.writeStringField("verdict", report.verdict());
        json.writeStringField("advice", report.advice());
        platform(json, report.platform());
        examined(json, "egress", report.egresses());
        examined(json, "ways", report.ways());
        findings(json, report.findings());
        json.writeEndObject();
    }

    private static void platform(JsonGenerator json, Platform platform) throws IOException {
        json.writeObjectFieldStart("platform");
        json.writeStringField("kind", platform.kind());
        json.writeStringField("label", platform.label());
        json.writeStringField("distribution", platform.distribution());
        json.writeStringField("hostname", platform.hostname());
        json.writeBooleanField("container", platform.container());
        json.writeBooleanField("root", platform.root());
        json.writeArrayFieldStart("proxies");
        for (String proxy : platform.proxies()) {
            json.writeString(proxy);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void examined(JsonGenerator json, String name, List<EgressReport> all)
            throws IOException {
        json.writeArrayFieldStart(name);
        for (EgressReport one : all) {
            json.writeStartObject();
            json.writeStringField("name", one.name());
            json.writeStringField("type", one.type());
            json.writeStringField("host", one.host());
            json.writeStringField("works", one.works().word());
            json.writeStringField("summary", one.summary());
            json.writeArrayFieldStart("steps");
            for (Step step : one.steps()) {
                step(json, step);
            }
            json.writeEndArray();
            findings(json, one.findings());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void step(JsonGenerator json, Step step) throws IOException {
        json.writeStartObject();
        json.writeStringField("step", step.kind().word());
        json.writeStringField("target", step.target());
        json.writeStringField("result", step.result().word());
        json.writeStringField("detail", step.detail());
        seconds(json, step.took());
        json.writeEndObject();
    }

    private static void findings(JsonGenerator json, List<Finding> findings) throws IOException {
        json.writeArrayFieldStart("findings");
        for (Finding finding : findings) {
            json.writeStartObject();
            json.writeStringField("id", finding.id());
            json.writeStringField("means", finding.means());
            json.writeStringField("advice", finding.advice());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void seconds(JsonGenerator json, Duration took) throws IOException {
        json.writeNumberField("seconds", took.toMillis() / MILLIS_PER_SECOND);
    }
}
