package dev.postern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.load.Types;
import dev.postern.mail.ALabels;
import dev.postern.mail.AddressList;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.ReversePath;
import dev.postern.submit.AdminClient;
import dev.postern.submit.AdminClient.Answer;
import dev.postern.submit.MimeDraft;
import dev.postern.submit.MimeDraft.Attachment;
import dev.postern.submit.SmtpClient;
import dev.postern.submit.SmtpClient.Receipt;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// `postern send`.
@Command(
        name = "send",
        description =
                "Submits a test message to the running listener and follows it to its outcome.",
        footer = {
            "",
            "Exit status: 0 sent, 1 failed or refused, 69 listener not reachable, 75 still queued."
        })
final class SendCommand implements Callable<Integer> {

    private static final Pattern QUEUE_ID =
            Pattern.compile("\\b(queued|sent) as ([0-9A-Z]{12})\\b");

    private final Terminal terminal;

    @Mixin private final ConfigOption config;

    @Option(
            names = "--to",
            required = true,
            paramLabel = "ADDRESS",
            split = ",",
            description = "To whom; may be given several times.")
    private List<String> to = List.of();

    @Option(
            names = "--from",
            paramLabel = "ADDRESS",
            description = "From whom (default: postern@ and smtp.hostname).")
    private @Nullable String from;

    @Option(names = "--subject", description = "Any text (default: Test from Postern).")
    private String subject = "Test from Postern";

    @Option(names = "--body", description = "Any text.")
    private String body = "This is a test message. It was sent by `postern send`.\n";

    @Option(
            names = "--attach",
            paramLabel = "FILE",
            description = "A file to attach; may be given several times.")
    private List<Path> attach = new ArrayList<>();

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            converter = DurationConverter.class,
            description = "How long to follow it (default: 30s).")
    private Duration wait = Duration.ofSeconds(30);

    SendCommand(Terminal terminal, ConfigOption config) {
        this.terminal = terminal;
        this.config = config;
    }

    @Override
    public Integer call() throws CliException, InterruptedException {
        RunningForwarder running = config.running();
        return switch (submit(running)) {
            case Receipt.Refused refused -> {
                terminal.complain("refused: " + refused.reply());
                yield ExitCode.FAILED;
            }
            case Receipt.Taken taken -> {
                taken.untaken().forEach(one -> terminal.complain(one.inWords()));
                int followed = ExitCode.OK;
                for (String reply : taken.replies()) {
                    int outcome = follow(reply, running);
                    followed = followed == ExitCode.OK ? outcome : followed;
                }
                yield taken.untaken().isEmpty() ? followed : ExitCode.FAILED;
            }
        };
    }

    private Receipt submit(RunningForwarder running) throws CliException {
        String sender = Objects.requireNonNullElse(from, "postern@" + running.config().hostname());
        Set<ForwardPath> recipients = new LinkedHashSet<>();
        for (String address : to) {
            recipients.add(new ForwardPath(one("--to", address)));
        }
        String reverse = one("--from", sender);
        // The To field has names as they were given.
        boolean utf8 = !ALabels.isAscii(reverse + String.join("", to));
        Envelope envelope = new Envelope(new ReversePath(reverse), List.copyOf(recipients), utf8);
        byte[] message = message(reverse);
        try (SmtpClient client = SmtpClient.connect(running.smtp())) {
            return client.submit(
                    envelope,
                    SmtpClient.Reports.UNSAID,
                    running.config().user(),
                    new ByteArrayInputStream(message));
        } catch (IOException e) {
            throw RunningForwarder.notReachable("the listener", running.smtp(), e);
        }
    }

    private byte[] message(String sender) throws CliException {
        List<Attachment> attachments = new ArrayList<>();
        for (Path file : attach) {
            if (!Files.isReadable(file) || Files.isDirectory(file)) {
                throw new CliException(ExitCode.BAD_USAGE, "--attach: can't read " + file);
            }
            String name = String.valueOf(file.getFileName());
            String guess = URLConnection.guessContentTypeFromName(name);
            String type = Objects.requireNonNullElse(guess, "application/octet-stream");
            attachments.add(new Attachment(name, type, () -> Files.newInputStream(file)));
        }
        String domain = sender.substring(sender.lastIndexOf('@') + 1);
        String id = "<" + UUID.randomUUID() + "@" + domain + ">";
        MimeDraft draft =
                new MimeDraft(
                        sender,
                        to,
                        subject,
                        body,
                        attachments,
                        ZonedDateTime.now(ZoneId.systemDefault()),
                        id);
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        try {
            draft.write(octets);
        } catch (IOException e) {
            throw new CliException(
                    ExitCode.FAILED, "an attachment can't be read: " + e.getMessage());
        }
        return octets.toByteArray();
    }

    private int follow(String reply, RunningForwarder running)
            throws CliException, InterruptedException {
        terminal.say(reply);
        Matcher matcher = QUEUE_ID.matcher(reply);
        if (!matcher.find()) {
            throw new CliException(ExitCode.TEMPORARY, "the reply names no queue id to follow");
        }
        if (matcher.group(1).equals("sent")) {
            return ExitCode.OK;
        }
        return new DeliveryWatcher(terminal, running.adminClient(), running::detail)
                .follow(matcher.group(2), wait);
    }

    private static String one(String option, String value) throws CliException {
        AddressList list = AddressList.parse(value);
        if (list.malformed() != null || list.addresses().size() != 1) {
            throw new CliException(
                    ExitCode.BAD_USAGE, option + ": '" + value + "' is no mail address");
        }
        return list.addresses().getFirst();
    }

    /// Follows one message until its outcome is known, and tells what happens to it on the way.
    static final class DeliveryWatcher {

        /// What is held stays so until somebody acts.
        private static final Set<String> SETTLED = Set.of("sent", "failed", "held");

        private static final Duration STEP = Duration.ofMillis(200);

        private static final String NO_EGRESS =
                ": no egress is configured; set POSTERN_EGRESS, or egress in postern.yaml";

        private final Terminal terminal;
        private final AdminClient admin;
        private final Function<Answer, String> detail;
        private int toldAttempts;

        /// @param detail tells why the admin socket refused
        DeliveryWatcher(Terminal terminal, AdminClient admin, Function<Answer, String> detail) {
            this.terminal = terminal;
            this.admin = admin;
            this.detail = detail;
        }

        /// Follows a message.
        ///
        /// @param wait how long at most
        /// @return the exit status of `postern send`
        int follow(String id, Duration wait) throws CliException, InterruptedException {
            long deadline = System.nanoTime() + wait.toNanos();
            JsonNode message = look(id);
            while (!SETTLED.contains(message.path("state").asText())
                    && System.nanoTime() < deadline) {
                Thread.sleep(STEP);
                message = look(id);
            }
            message.path("recipients").forEach(each -> terminal.say(QueueText.recipient(each)));
            return verdict(id, message);
        }

        private int verdict(String id, JsonNode message) {
            return switch (message.path("state").asText()) {
                case "sent" -> {
                    terminal.say("sent");
                    yield ExitCode.OK;
                }
                case "failed" -> {
                    terminal.complain(
                            id + " failed; `postern queue show " + id + "` has the details");
                    yield ExitCode.FAILED;
                }
                case "held" -> {
                    boolean waits =
                            message.path("recipients")
                                    .findValuesAsText("reason")
                                    .contains("no-egress");
                    terminal.complain(id + " is held" + (waits ? NO_EGRESS : ""));
                    yield ExitCode.TEMPORARY;
                }
                default -> {
                    terminal.complain(
                            id + " is still queued; `postern queue show " + id + "` follows it");
                    yield ExitCode.TEMPORARY;
                }
            };
        }

        private JsonNode look(String id) throws CliException {
            try {
                Answer answer = admin.get("/messages/" + id, Map.of());
                if (!answer.isOk()) {
                    throw new CliException(
                            ExitCode.TEMPORARY,
                            "accepted, but can't be followed: " + detail.apply(answer));
                }
                JsonNode attempts = answer.body().path("attempts");
                for (; toldAttempts < attempts.size(); toldAttempts++) {
                    terminal.say(QueueText.attempt(attempts.get(toldAttempts)));
                }
                return answer.body();
            } catch (IOException e) {
                throw new CliException(
                        ExitCode.TEMPORARY,
                        "accepted, but can't be followed: the admin socket is not reachable (%s)"
                                .formatted(e.getMessage()));
            }
        }
    }

    /// Reads a duration as the configuration writes them: `30s`, `5m`; and milliseconds.
    static final class DurationConverter implements ITypeConverter<Duration> {

        @Override
        public Duration convert(String value) {
            Duration duration =
                    value.matches("\\d{1,9}ms")
                            ? Duration.ofMillis(Long.parseLong(value, 0, value.length() - 2, 10))
                            : Types.duration(value);
            if (duration == null) {
                throw new TypeConversionException(
                        "'" + value + "' is no duration; write 30s, 5m or 1h");
            }
            return duration;
        }
    }
}
