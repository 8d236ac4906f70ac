package dev.postern.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postern.doctor.ReportJson;
import dev.postern.doctor.Reports;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The diagnosis over HTTP.
class DoctorApiTest {

    private final Stage stage = new Stage();

    @AfterEach
    void close() {
        stage.close();
    }

    @Test
    void itIsWhatTheCommandPrints() throws IOException {
        stage.diagnosis = Reports.of(List.of(), List.of());
        Raw.Answer answer = stage.get("/api/v1/doctor");
        assertEquals(200, answer.status());
        assertEquals("no-store", answer.header("Cache-Control"));
        ObjectMapper json = new ObjectMapper();
        assertEquals(json.readTree(ReportJson.of(stage.diagnosis)), json.readTree(answer.body()));
    }

    @Test
    void itIsOnlyAskedFor() throws IOException {
        assertEquals(405, stage.post("/api/v1/doctor").status());
    }
}
