package dev.postern.admin;

import dev.postern.testing.ReadersGrowth;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.WritableHeaders;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// Everything here that reads what strangers send. A new reader gets a row.
class AdminGrowthTest extends ReadersGrowth {

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("Parameters", AdminGrowthTest::query),
                row("Parameters with a value", text -> query("to=" + text)),
                row("Guard", AdminGrowthTest::host),
                row("Guard of an address", text -> host("[" + text + "]")),
                row("Guard of a number", text -> host("127.0.0." + text)),
                row("Guard of an origin", text -> judged("localhost", "https://" + text)));
    }

    private static void query(String text) {
        try {
            QueryParameters.parse(text).all("to");
        } catch (Problem _) {
            // It is not percent-encoded.
            return;
        }
    }

    private static void host(String text) {
        judged(text, "http://localhost");
    }

    private static void judged(String host, String origin) {
        WritableHeaders<?> headers = WritableHeaders.create();
        headers.set(HeaderNames.ORIGIN, origin);
        new Guard(null, "127.0.0.1").refusal(Method.GET, "/api/v1/status", host, headers);
    }
}
