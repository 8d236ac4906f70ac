package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.egress.OutboundMessage;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import dev.postern.testing.Commands;
import dev.postern.testing.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Judges what the rebuilding APIs make of messages, by two readers that share no code with it:
/// Python's `email` and `postal-mime`.
///
/// Each fact that isn't the same in what recipients get has to be named by a record of what is not
/// carried, and each record has to name such a fact. What only one of the readers sees differently
/// is a difference between the two, which is counted and no more.
final class Judge {

    /// The APIs that have no raw form.
    static final List<String> TYPES = List.of("sendgrid", "resend", "brevo", "postmark");

    /// As many records are kept; what is more is only said to be more.
    private static final int RECORDS_LIMIT = 100;

    private final List<Message> messages;
    private final List<JsonNode> ofPython;
    private final List<JsonNode> ofPostal;

    /// A message as the listener hands it on.
    ///
    /// @param raw its octets, one a character
    /// @param recipients the envelope's; none: whom To and Cc name
    record Message(String name, String raw, List<String> recipients) {
        byte[] octets() {
            return raw.getBytes(ISO_8859_1);
        }
    }

    /// What became of messages at one API.
    ///
    /// @param faults differences that are not recorded, and records of none
    record Verdict(
            String type,
            int messages,
            int whole,
            int recorded,
            int unsuited,
            int silent,
            List<String> betweenReaders,
            List<String> faults) {

        @Override
        public String toString() {
            return ("%-9s %4d messages, %4d carried whole, %4d recorded, %3d unsuited,"
                            + " %d differences without a record; %d between the readers")
                    .formatted(
                            type,
                            messages,
                            whole,
                            recorded,
                            unsuited,
                            silent,
                            betweenReaders.size());
        }
    }

    /// One attempt's records and what was posted.
    ///
    /// @param violations what the provider states of requests and this one doesn't keep
    private record Sent(
            Outcome outcome,
            boolean goesStrictly,
            List<String> records,
            List<Posted> posted,
            List<String> violations) {}

    private Judge(List<Message> messages, List<JsonNode> ofPython, List<JsonNode> ofPostal) {
        this.messages = messages;
        this.ofPython = ofPython;
        this.ofPostal = ofPostal;
    }

    /// @param directory an empty one, for the messages
    static Judge of(List<Message> messages, Path directory) throws IOException {
        Path copies = Files.createDirectory(directory.resolve("messages"));
        for (int i = 0; i < messages.size(); i++) {
            Files.write(copies.resolve("%05d".formatted(i)), messages.get(i).octets());
        }
        List<JsonNode> python =
                read(directory, "reader.py", Programs.PYTHON.require(), copies, messages.size());
        List<JsonNode> postal =
                read(directory, "reader.mjs", Programs.NODE.require(), copies, messages.size());
        return new Judge(messages, python, postal);
    }

    private static List<JsonNode> read(
            Path directory, String script, Path program, Path copies, int count)
            throws IOException {
        Path file = directory.resolve(script);
        try (var source = Judge.class.getResourceAsStream(script)) {
            Files.copy(source, file);
        }
        Path output = directory.resolve(script + ".jsonl");
        ProcessBuilder command =
                new ProcessBuilder(program.toString(), file.toString(), copies.toString());
        command.environment().put("NODE_MODULES", Programs.NODE_MODULES.require().toString());
        command.environment().put("PYTHONIOENCODING", "utf-8");
        Commands.run(command.redirectOutput(output.toFile())).expect(0);
        List<JsonNode> found =
                Files.readAllLines(output, UTF_8).stream().map(JsonAnswer::read).toList();
        assertEquals(count, found.size(), script);
        return found;
    }

    Verdict judge(String type) throws Exception {
        return judge(type, Excuses.none());
    }

    Verdict judge(String type, Excuses excuses) throws Exception {
        Tallying tally = new Tallying(type, excuses);
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri());
                Egress strict =
                        OutboundMessages.egress(
                                type,
                                OutboundMessages.common(
                                        api.uri(),
                                        Common.Fidelity.STRICT,
                                        Duration.ofSeconds(10)))) {
            for (int i = 0; i < messages.size(); i++) {
                Message message = messages.get(i);
                OutboundMessage outbound = outbound(message, new Seen(ofPython.get(i)));
                int before = api.requests().size();
                Map<ForwardPath, Outcome> outcomes =
                        egress.send(outbound, CommitGate.OPEN).outcomes();
                List<FakeApi.Request> requests = api.requests();
                Map<ForwardPath, Outcome> strictly =
                        strict.send(outbound, CommitGate.OPEN).outcomes();
                List<Sent> sent =
                        sent(type, outcomes, strictly, requests.subList(before, requests.size()));
                tally.add(message.name(), sent, ofPython.get(i), ofPostal.get(i));
            }
        }
        return tally.verdict();
    }

    private static OutboundMessage outbound(Message message, Seen seen) {
        Map<String, String> to = new LinkedHashMap<>();
        message.recipients().forEach(one -> to.put(one, one));
        if (to.isEmpty()) {
            for (String field : List.of("to", "cc")) {
                for (Seen.Person one : seen.people(field)) {
                    if (one.address().matches("[!-~]+@[!-~]+\\.[!-~]+")) {
                        to.putIfAbsent(one.key(), one.address());
                    }
                }
            }
        }
        if (to.isEmpty()) {
            to.put(OutboundMessages.SOMEONE, OutboundMessages.SOMEONE);
        }
        return OutboundMessages.of(
                OutboundMessages.content(message.octets()), to.values().toArray(String[]::new));
    }

    /// Returns what was sent by call; a refusal before any call is one without a request.
    private static List<Sent> sent(
            String type,
            Map<ForwardPath, Outcome> outcomes,
            Map<ForwardPath, Outcome> strictly,
            List<FakeApi.Request> requests) {
        List<Sent> sent = new ArrayList<>();
        Set<ForwardPath> done = new LinkedHashSet<>();
        for (FakeApi.Request request : requests) {
            Set<String> mailed = new LinkedHashSet<>();
            Mailed.by(type, request).forEach(one -> mailed.add(new Seen.Person("", one).key()));
            Sent one = null;
            for (Map.Entry<ForwardPath, Outcome> entry : outcomes.entrySet()) {
                String key = new Seen.Person("", entry.getKey().address()).key();
                if (mailed.contains(key)) {
                    done.add(entry.getKey());
                    boolean goes = strictly.get(entry.getKey()) instanceof Outcome.Accepted;
                    List<String> records =
                            entry.getValue() instanceof Outcome.Accepted accepted
                                    ? accepted.notCarried()
                                    : List.of();
                    one =
                            new Sent(
                                    entry.getValue(),
                                    goes,
                                    records,
                                    Posted.by(type, request),
                                    Stated.isOf(type)
                                            ? Stated.violations(type, request)
                                            : List.of());
                }
            }
            if (one == null) {
                throw new AssertionError("a request for nobody: " + request.text());
            }
            sent.add(one);
        }
        outcomes.forEach((recipient, outcome) -> {
            if (!done.contains(recipient)) {
                sent.add(new Sent(outcome, false, List.of(), List.of(), List.of()));
            }
        });
        return sent;
    }

    /// Counts the messages of one API.
    private static final class Tallying {

        private final String type;
        private final Excuses excuses;
        private final List<String> faults = new ArrayList<>();
        private int messages;
        private int whole;
        private int recorded;
        private int unsuited;
        private int silent;
        private final List<String> betweenReaders = new ArrayList<>();

        Tallying(String type, Excuses excuses) {
            this.type = type;
            this.excuses = excuses;
        }

        void add(String name, List<Sent> sent, JsonNode ofPython, JsonNode ofPostal) {
            messages++;
            excuses.has(name);
            boolean isUnsuited = false;
            boolean isRecorded = false;
            for (Sent one : sent) {
                if (one.outcome() instanceof Outcome.Unsuited refused) {
                    isUnsuited = true;
                    if (!isUnfit(new Seen(ofPython))) {
                        fault(name, "unsuited", refused.reply());
                    }
                } else if (!(one.outcome() instanceof Outcome.Accepted)) {
                    fault(name, "outcome", one.outcome().toString());
                } else {
                    isRecorded |= !one.records().isEmpty();
                    compare(name, one, ofPython, ofPostal);
                }
            }
            unsuited += isUnsuited ? 1 : 0;
            recorded += !isUnsuited && isRecorded ? 1 : 0;
            whole += isUnsuited || isRecorded ? 0 : 1;
        }

        /// Returns whether a message has what none of these APIs takes: an attachment of no octets.
        private static boolean isUnfit(Seen seen) {
            return seen.parts().stream()
                    .anyMatch(it -> !it.isMultipart() && !it.isBody() && it.octets().length == 0);
        }

        private void fault(String name, String fact, String what) {
            if (!excuses.cover(name, fact)) {
                faults.add(name + " at " + type + ": " + fact + ": " + what);
            }
        }

        private void compare(String name, Sent sent, JsonNode ofPython, JsonNode ofPostal) {
            if (sent.goesStrictly() != sent.records().isEmpty()) {
                fault(name, "strict", sent.goesStrictly() + " with " + sent.records());
            }
            sent.violations().forEach(one -> fault(name, "stated", one));
            boolean readByBoth = !ofPostal.has("error");
            Found one = Found.of(type, new Seen(ofPython), sent);
            Found other = readByBoth ? Found.of(type, new Seen(ofPostal), sent) : one;
            one.silent()
                    .forEach((fact, what) -> {
                        if (!other.silent().containsKey(fact)) {
                            betweenReaders.add(
                                    name + " at " + type + ": Python: " + fact + ": " + what);
                        } else if (!excuses.cover(name, fact)) {
                            silent++;
                            fault(name, "not recorded: " + fact, what + " " + sent.records());
                        }
                    });
            other.silent().keySet().removeAll(one.silent().keySet());
            other.silent()
                    .forEach((fact, what) ->
                            betweenReaders.add(
                                    name + " at " + type + ": postal-mime: " + fact + ": " + what));
            one.needless().retainAll(other.needless());
            one.needless().forEach(record -> fault(name, "recorded without need", record));
        }

        Verdict verdict() {
            return new Verdict(
                    type,
                    messages,
                    whole,
                    recorded,
                    unsuited,
                    silent,
                    List.copyOf(betweenReaders),
                    List.copyOf(faults));
        }
    }

    /// What one reader finds.
    ///
    /// @param silent facts that aren't the same and aren't recorded, with how
    /// @param needless records of nothing
    private record Found(Map<String, String> silent, Set<String> needless) {

        static Found of(String type, Seen seen, Sent sent) {
            List<Comparison.Difference> differences = new ArrayList<>();
            for (Posted posted : sent.posted()) {
                differences.addAll(Comparison.of(type, seen, posted));
            }
            boolean more = sent.records().size() > RECORDS_LIMIT;
            Map<String, String> silent = new LinkedHashMap<>();
            for (Comparison.Difference one : differences) {
                if (one.must() && !more && sent.records().stream().noneMatch(one::isNamedBy)) {
                    silent.put(one.fact(), one.what());
                }
            }
            Set<String> needless = new LinkedHashSet<>(sent.records());
            needless.removeIf(record -> differences.stream().anyMatch(d -> d.isNamedBy(record)));
            needless.remove("and more");
            return new Found(silent, needless);
        }
    }
}
