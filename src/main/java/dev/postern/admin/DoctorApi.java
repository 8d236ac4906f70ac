package dev.postern.admin;

import dev.postern.doctor.Report;
import dev.postern.doctor.ReportJson;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import java.util.Map;
import java.util.function.Supplier;

/// The diagnosis, made when it is asked for.
final class DoctorApi {

    private final Supplier<Report> doctor;

    /// @param doctor examines every way out; blocks for as long as that takes
    DoctorApi(Supplier<Report> doctor) {
        this.doctor = doctor;
    }

    void routes(HttpRouting.Builder routing) {
        HttpSocket.resource(
                routing,
                "/api/v1/doctor",
                Map.of(
                        Method.GET,
                        (_, response) -> {
                            Report report = doctor.get();
                            // It is of this moment only.
                            response.header(HeaderNames.CACHE_CONTROL, "no-store");
                            Json.send(
                                    response,
                                    Status.OK_200,
                                    json -> ReportJson.write(json, report));
                        }));
    }
}
