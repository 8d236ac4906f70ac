package dev.postern.doctor;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.postern.config.JsonLists;
import dev.postern.doctor.EgressReport.Step;
import dev.postern.doctor.Report.Finding;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Duration;
import java.time.temporal.ChronoUnit;

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
        JsonLists.objects(json, "egress", report.egresses(), ReportJson::examined);
        JsonLists.objects(json, "ways", report.ways(), ReportJson::examined);
        JsonLists.objects(json, "findings", report.findings(), ReportJson::finding);
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
        JsonLists.texts(json, "proxies", platform.proxies());
        json.writeEndObject();
    }

    private static void examined(JsonGenerator json, EgressReport one) throws IOException {
        json.writeStringField("name", one.name());
        json.writeStringField("type", one.type());
        json.writeStringField("host", one.host());
        json.writeStringField("works", one.works().word());
        json.writeStringField("summary", one.summary());
        JsonLists.objects(json, "steps", one.steps(), ReportJson::step);
        JsonLists.objects(json, "findings", one.findings(), ReportJson::finding);
    }

    private static void step(JsonGenerator json, Step step) throws IOException {
        json.writeStringField("step", step.kind().word());
        json.writeStringField("target", step.target());
        json.writeStringField("result", step.result().word());
        json.writeStringField("detail", step.detail());
        seconds(json, step.took());
    }

    private static void finding(JsonGenerator json, Finding finding) throws IOException {
        json.writeStringField("id", finding.id());
        json.writeStringField("means", finding.means());
        json.writeStringField("advice", finding.advice());
    }

    private static void seconds(JsonGenerator json, Duration took) throws IOException {
        json.writeNumberField("seconds", took.toMillis() / MILLIS_PER_SECOND);
    }
}
