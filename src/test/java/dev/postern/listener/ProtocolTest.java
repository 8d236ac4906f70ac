package dev.postern.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.listener.Protocol.SessionState;
import dev.postern.listener.Protocol.SmtpVerb;
import dev.postern.listener.Protocol.Transition;
import dev.postern.smtp.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The table of the session's states is what the session does, and what `docs/session.md` shows.
///
/// `mvn -q test -Dtest=ProtocolTest -Dformat=apply` writes the page anew.
class ProtocolTest {

    private static final Path PAGE =
            Path.of(System.getProperty("postern.home", "."), "docs", "session.md");

    private static final Map<SessionState, String> WAY_TO =
            Map.of(
                    SessionState.START, "",
                    SessionState.READY, "EHLO x\r\n",
                    SessionState.SENDER, "EHLO x\r\nMAIL FROM:<a@example.org>\r\n",
                    SessionState.ADDRESSED,
                            "EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\n",
                    SessionState.CHUNKED,
                            "EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\n"
                                    + "BDAT 6\r\nA: b\r\n");

    private static List<SessionState> commandStates() {
        return Arrays.stream(SessionState.values()).filter(SessionState::takesCommands).toList();
    }

    static List<Arguments> cells() {
        List<Arguments> cells = new ArrayList<>();
        for (SessionState state : commandStates()) {
            for (SmtpVerb verb : SmtpVerb.values()) {
                cells.add(Arguments.of(state, verb));
            }
        }
        return cells;
    }

    @ParameterizedTest(name = "{1} in {0}")
    @MethodSource("cells")
    void theSessionDoesWhatTheTableSays(SessionState state, SmtpVerb verb) throws IOException {
        try (Door door = new Door()) {
            if (verb == SmtpVerb.STARTTLS) {
                door.set("tls.certificate", "listener-ec-chain.pem");
                door.set("tls.key", "listener-sec1.pem");
            }
            DirectPeer peer = new DirectPeer(door.context());
            peer.give(WAY_TO.get(state));
            assertEquals(state, peer.session.state());
            Transition step = Transition.of(state, verb);

            peer.give(line(verb));

            Reply refusal = step.refusal();
            if (refusal != null && verb == SmtpVerb.BDAT) {
                assertEquals(SessionState.REFUSED_CHUNK, peer.session.state());
                peer.give("...");
            }
            SessionState next = step.next() == null ? state : step.next();
            assertEquals(next, peer.session.state());
            if (refusal != null) {
                assertEquals(refusal, peer.replies.getLast());
            }
            peer.session.gone();
            assertEquals(0, door.spool.openIntakes.get());
        }
    }

    private static String line(SmtpVerb verb) {
        return switch (verb) {
            case HELO, EHLO, VRFY -> verb + " x\r\n";
            case MAIL -> "MAIL FROM:<c@example.org>\r\n";
            case RCPT -> "RCPT TO:<d@example.net>\r\n";
            case BDAT -> "BDAT 3\r\n";
            case AUTH -> "AUTH PLAIN\r\n";
            case DATA, RSET, NOOP, HELP, STARTTLS, QUIT -> verb + "\r\n";
        };
    }

    @Test
    void thePageShowsTheTable() throws IOException {
        String wanted = page();
        if (System.getProperty("format", "").equals("apply")) {
            Files.writeString(PAGE, wanted);
        }
        assertEquals(
                wanted,
                Files.readString(PAGE),
                "write it anew: mvn -q test -Dtest=ProtocolTest -Dformat=apply");
    }

    private static String page() {
        return """
        # The states of a session

        Made from `dev.postern.listener.Protocol` by `ProtocolTest`; do not edit.

        The diagram shows what moves a session on. Refused commands, and
        those that change nothing, are in the table: `503` is out of order
        (RFC 5321 §4.1.4). A refused BDAT's octets are read and thrown away
        (`REFUSED_CHUNK`), then the session is where it was.

        ```mermaid
        stateDiagram-v2
            [*] --> START: 220
        %s    CHALLENGED --> CHECKING: response
            CHECKING --> READY: 235
            CHECKING --> DELAYED: wrong credentials
            DELAYED --> READY: 535
            DELAYED --> CLOSED: 421, the third time
            SECURING --> START: TLS
            DATA --> COMMITTING: CRLF . CRLF
            CHUNK --> CHUNKED: 250
            CHUNK --> COMMITTING: LAST, or 552
            COMMITTING --> READY: 250 or why not
            CLOSED --> [*]
        ```

        %s\
        """
                .formatted(arrows(), table());
    }

    private static String arrows() {
        Map<String, List<String>> verbs = new TreeMap<>();
        for (SessionState state : commandStates()) {
            for (SmtpVerb verb : SmtpVerb.values()) {
                SessionState next = Transition.of(state, verb).next();
                if (next != null && (next != state || verb == SmtpVerb.EHLO)) {
                    verbs.computeIfAbsent(state + " --> " + next, _ -> new ArrayList<>())
                            .add(verb.name());
                }
            }
        }
        return verbs.entrySet().stream()
                .map(e -> "    " + e.getKey() + ": " + String.join(", ", e.getValue()) + "\n")
                .collect(Collectors.joining());
    }

    private static String table() {
        StringBuilder table = new StringBuilder("| verb |");
        commandStates().forEach(state -> table.append(' ').append(state).append(" |"));
        table.append("\n|---|").append("---|".repeat(commandStates().size())).append('\n');
        for (SmtpVerb verb : SmtpVerb.values()) {
            table.append("| ").append(verb).append(" |");
            for (SessionState state : commandStates()) {
                table.append(' ').append(cell(Transition.of(state, verb))).append(" |");
            }
            table.append('\n');
        }
        return table.toString();
    }

    private static String cell(Transition step) {
        Reply refusal = step.refusal();
        if (refusal != null) {
            return refusal.code() + " " + String.join(" ", refusal.lines());
        }
        return step.next() == null ? "answers" : "→ " + step.next();
    }
}
