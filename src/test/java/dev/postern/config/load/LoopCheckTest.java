package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.config.HostPort;
import dev.postern.config.load.Problems.ConfigProblem;
import dev.postern.config.load.Type.Parsed;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoopCheckTest {

    private static final Map<String, List<String>> NAMES =
            Map.of(
                    "localhost", List.of("127.0.0.1", "::1"),
                    "me.example", List.of("192.0.2.7"),
                    "other.example", List.of("198.51.100.1", "192.0.2.7"),
                    "away.example", List.of("198.51.100.1"));

    private final List<String> asked = new ArrayList<>();

    /// This machine is 192.0.2.7.
    private final LoopCheck.HostLookup network =
            new LoopCheck.HostLookup() {
                @Override
                public List<InetAddress> resolve(String host) throws UnknownHostException {
                    asked.add(host);
                    List<String> addresses = NAMES.get(host);
                    if (addresses == null) {
                        throw new UnknownHostException(host);
                    }
                    return addresses.stream().map(InetAddress::ofLiteral).toList();
                }

                @Override
                public boolean own(InetAddress address) {
                    return address.isLoopbackAddress()
                            || address.getHostAddress().equals("192.0.2.7");
                }
            };

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:2525, smtp://localhost:2525, true",
        "127.0.0.1:2525, smtp://127.0.0.1:2525, true",
        "127.0.0.1:2525, smtp://[::1]:2525, true",
        "127.0.0.1:2525, smtp://0.0.0.0:2525, true",
        "127.0.0.1:2525, smtp://127.0.0.2:2525, false",
        "127.0.0.1:2525, smtp://localhost:2526, false",
        "127.0.0.1:2525, smtp://localhost, true",
        "127.0.0.1:2626, smtp://localhost, false",
        "127.0.0.1:2525, smtp://me.example:2525, false",
        "127.0.0.1:2525, smtp://unknown.example:2525, false",
        "[::1]:2525, smtp://127.0.0.1:2525, false",
        "[::1]:2525, smtp://localhost:2525, true",
        "0.0.0.0:2525, smtp://me.example:2525, true",
        "0.0.0.0:2525, smtp://other.example:2525, true",
        "0.0.0.0:2525, smtp://away.example:2525, false",
        "0.0.0.0:2525, smtp://127.0.0.9:2525, true",
        "192.0.2.7:2525, smtp://other.example:2525, true",
        "192.0.2.7:2525, smtp://localhost:2525, false",
        "me.example:2525, smtp://other.example:2525, true",
    })
    void anEgressThatLeadsBackIsFound(HostPortText listening, String url, boolean loop) {
        Loaded.Valid loaded = new Loading().variable("POSTERN_EGRESS", url).valid();
        List<ConfigProblem> problems = new LoopCheck(listening.value(), network).problems(loaded);
        assertEquals(loop ? 1 : 0, problems.size(), problems.toString());
    }

    @Test
    void theProblemNamesItsPlace() {
        Loading loading =
                new Loading()
                        .yaml("egress:\n  - {name: a, type: smtp, host: localhost, port: 2525}\n");
        List<ConfigProblem> problems =
                new LoopCheck(new HostPort("127.0.0.1", 2525), network).problems(loading.valid());
        assertEquals(
                "postern.yaml:2:33: egress[a].host: leads back to our own listener at"
                        + " 127.0.0.1:2525; name the server and the port that mail leaves by",
                problems.getFirst().toString());
    }

    @Test
    void aPortThatIsNotOursIsNotLookedUp() {
        Loaded.Valid loaded =
                new Loading()
                        .variable("POSTERN_EGRESS", "smtp://me.example:587 brevo://k@")
                        .valid();
        new LoopCheck(new HostPort("127.0.0.1", 2525), network).problems(loaded);
        assertEquals(List.of(), asked);
    }

    /// A socket address in a table of cases.
    record HostPortText(HostPort value) {
        /// Called by JUnit.
        static HostPortText of(String text) {
            return switch (Types.HOST_PORT.parser().apply(text)) {
                case Parsed.Good<HostPort> good -> new HostPortText(good.value());
                case Parsed.Wrong<HostPort> wrong -> throw new AssertionError(wrong.rule());
            };
        }
    }
}
