package dev.postern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.submit.AdminClient.Answer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `postern queue list|show|retry|hold|release|delete`.
@Command(
        name = "queue",
        description = "Shows and steers the queue of the running forwarder.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Exit status: 0, 1 unknown id or a state that does not allow it, 69 not reachable."
        })
final class QueueCommand implements Runnable {

    private static final String MESSAGES = "/messages";

    private final Terminal terminal;

    @Spec private CommandSpec spec = CommandSpec.create();

    QueueCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "say list, show, retry, hold, release or delete");
    }

    @Command(name = "list", description = "Lists messages, newest first.")
    void list(
            @Mixin ConfigOption config,
            @Option(
                            names = "--state",
                            defaultValue = "",
                            description = "queued, sending, deferred, held, sent or failed")
                    String state,
            @Option(names = "--sender", defaultValue = "", description = "part of the sender")
                    String sender,
            @Option(names = "--recipient", defaultValue = "", description = "part of a recipient")
                    String recipient,
            @Option(
                            names = "--limit",
                            defaultValue = "50",
                            description = "at most so many, 1 to 1000 (default: 50)")
                    String limit,
            @Option(names = "--after", defaultValue = "", description = "only older than this id")
                    String after,
            @Option(names = "--json", description = "as the API gives it") boolean json)
            throws CliException {
        Map<String, String> query = new LinkedHashMap<>();
        query.put("state", state);
        query.put("sender", sender);
        query.put("recipient", recipient);
        query.put("limit", limit);
        query.put("after", after);
        JsonNode page = granted(config, admin -> admin.get(MESSAGES, query));
        if (json) {
            terminal.out().println(page);
        } else {
            QueueText.list(terminal, page);
        }
    }

    @Command(name = "show", description = "Shows a message with every attempt.")
    void show(
            @Mixin ConfigOption config,
            @Parameters(paramLabel = "ID") String id,
            @Option(names = "--json", description = "as the API gives it") boolean json)
            throws CliException {
        JsonNode message = granted(config, admin -> admin.get(path(id), Map.of()));
        if (json) {
            terminal.out().println(message);
        } else {
            QueueText.show(terminal, message);
        }
    }

    @Command(
            name = "retry",
            description =
                    "Makes deferred or failed messages due now; without ID all deferred ones.")
    int retry(
            @Mixin ConfigOption config,
            @Parameters(paramLabel = "ID", arity = "0..*") List<String> ids)
            throws CliException {
        if (ids != null && !ids.isEmpty()) {
            return each(config, ids, "/retry");
        }
        JsonNode flushed = granted(config, admin -> admin.post("/queue/flush"));
        terminal.say(flushed.path("messages").asText() + " made due");
        return ExitCode.OK;
    }

    @Command(name = "hold", description = "Keeps messages until they are released.")
    int hold(
            @Mixin ConfigOption config,
            @Parameters(paramLabel = "ID", arity = "1..*") List<String> ids)
            throws CliException {
        return each(config, ids, "/hold");
    }

    @Command(name = "release", description = "Frees messages that were held.")
    int release(
            @Mixin ConfigOption config,
            @Parameters(paramLabel = "ID", arity = "1..*") List<String> ids)
            throws CliException {
        return each(config, ids, "/release");
    }

    @Command(name = "delete", description = "Removes messages, whatever they owe.")
    int delete(
            @Mixin ConfigOption config,
            @Parameters(paramLabel = "ID", arity = "1..*") List<String> ids)
            throws CliException {
        return each(config, ids, null);
    }

    /// @param verb null: delete
    private int each(ConfigOption config, List<String> ids, @Nullable String verb)
            throws CliException {
        int exit = ExitCode.OK;
        for (String id : ids) {
            Answer answer =
                    ask(
                            config,
                            admin ->
                                    verb == null
                                            ? admin.delete(path(id))
                                            : admin.post(path(id) + verb));
            if (!answer.isOk()) {
                terminal.complain(id + ": " + answer.detail());
                exit = ExitCode.FAILED;
            }
        }
        return exit;
    }

    private static JsonNode granted(ConfigOption config, RunningForwarder.Question question)
            throws CliException {
        Answer answer = ask(config, question);
        if (!answer.isOk()) {
            throw new CliException(ExitCode.FAILED, answer.detail());
        }
        return answer.body();
    }

    private static Answer ask(ConfigOption config, RunningForwarder.Question question)
            throws CliException {
        return config.running("so the forwarder can't be found").ask(question);
    }

    private static String path(String id) {
        return MESSAGES + "/" + URLEncoder.encode(id, StandardCharsets.UTF_8);
    }
}
