package dev.postern.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.postern.config.DkimConfig;
import dev.postern.dkim.DkimCheck;
import dev.postern.dkim.DkimCheck.Checked;
import dev.postern.dkim.DkimRecord;
import dev.postern.dkim.DkimRecord.Match;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `postern dkim key|check`.
@Command(
        name = "dkim",
        description = {
            "Makes keys that sign mail (DKIM), and checks that the DNS has their records.",
            ""
        },
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "  postern dkim key example.org s1       makes a key, prints the record to publish",
            "  postern dkim check                    compares the configured keys with the DNS",
            "",
            "Exit status: 0, 1 a record is missing or different, the DNS does not answer, or no key"
                    + " could be made, 2 bad configuration or usage."
        })
final class DkimCommand implements Runnable {

    private static final int PEM_LINE_CHARACTERS = 64;

    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /// A seam for tests: other name servers than this machine's.
    private static final String NAME_SERVERS = "postern.name-servers";

    private final Terminal terminal;

    @Spec private CommandSpec spec = CommandSpec.create();

    DkimCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say key or check");
    }

    @Command(
            name = "key",
            description = "Makes a key, and prints the record that its domain is to publish.",
            footer = {
                "",
                "The key's file is for its owner alone (0600), and none is ever overwritten."
            })
    void key(
            @Parameters(paramLabel = "DOMAIN", description = "of the From addresses") String domain,
            @Parameters(paramLabel = "SELECTOR", description = "names the key, such as s1")
                    String selector,
            @Option(
                            names = "--algorithm",
                            defaultValue = "rsa",
                            description = "rsa (default; every receiver knows it) or ed25519")
                    String algorithm,
            @Option(
                            names = "--out",
                            paramLabel = "FILE",
                            description = "the key's file (default: ./DOMAIN.SELECTOR.pem)")
                    @Nullable Path out,
            @Option(names = "--json", description = "One line of JSON.") boolean json)
            throws CliException, GeneralSecurityException {
        KeyPair pair = generate(algorithm);
        DkimConfig named = named(domain, selector, pair);
        String name = named.domain() + "." + named.selector() + ".pem";
        Path file = (out == null ? Path.of(name) : out).toAbsolutePath().normalize();
        write(file, pem(pair));
        String record = DkimRecord.of(pair.getPublic());
        if (json) {
            terminal.out()
                    .println(
                            JsonNodeFactory.instance
                                    .objectNode()
                                    .put("domain", named.domain())
                                    .put("selector", named.selector())
                                    .put("key", file.toString())
                                    .put("name", named.recordName())
                                    .put("record", record));
            return;
        }
        terminal.say("; The key is in " + file);
        terminal.say("; postern.yaml:");
        terminal.say(
                ";   dkim: [{domain: %s, selector: %s, key: \"${file:%s}\"}]"
                        .formatted(named.domain(), named.selector(), file));
        terminal.say("; The zone of " + named.domain() + ":");
        DkimRecord.zoneLine(named.recordName(), record).lines().forEach(terminal::say);
    }

    private DkimConfig named(String domain, String selector, KeyPair pair) {
        String ascii =
                DkimConfig.domain(domain)
                        .orElseThrow(
                                () -> bad("'" + domain + "' is no domain such as example.org"));
        if (!DkimConfig.isSelector(selector)) {
            throw bad("'" + selector + "' is no selector such as s1");
        }
        if (!DkimConfig.fits(ascii, selector)) {
            throw bad("'" + selector + "' is too long for the DNS");
        }
        return new DkimConfig(ascii, selector, pair.getPrivate());
    }

    private KeyPair generate(String algorithm) throws GeneralSecurityException {
        return switch (algorithm) {
            case "rsa" -> {
                KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
                rsa.initialize(DkimConfig.RSA_LEAST_BITS);
                yield rsa.generateKeyPair();
            }
            case "ed25519" -> KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            default -> throw bad("--algorithm must be rsa or ed25519, not '" + algorithm + "'");
        };
    }

    private ParameterException bad(String what) {
        return new ParameterException(spec.commandLine(), what);
    }

    private static String pem(KeyPair pair) {
        String text =
                Base64.getMimeEncoder(PEM_LINE_CHARACTERS, new byte[] {'\n'})
                        .encodeToString(pair.getPrivate().getEncoded());
        return "-----BEGIN PRIVATE KEY-----\n" + text + "\n-----END PRIVATE KEY-----\n";
    }

    /// Writes a file that is not there yet, for its owner alone from its first moment on.
    private static void write(Path file, String text) throws CliException {
        Set<StandardOpenOption> created =
                EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try (FileChannel channel = FileChannel.open(file, created, OWNER_ONLY)) {
            write(channel, file, text);
        } catch (FileAlreadyExistsException _) {
            throw new CliException(
                    ExitCode.FAILED,
                    file
                            + " is there already, and is not overwritten: take another selector, or"
                            + " --out");
        } catch (NoSuchFileException _) {
            throw new CliException(ExitCode.FAILED, file + ": there is no such directory");
        } catch (AccessDeniedException _) {
            throw new CliException(ExitCode.FAILED, file + ": you may not write there");
        } catch (IOException e) {
            throw new CliException(ExitCode.FAILED, file + " can't be written: " + e.getMessage());
        }
    }

    /// Half a key is none: what can't be written whole goes again.
    private static void write(FileChannel channel, Path file, String text) throws IOException {
        try {
            ByteBuffer octets = ByteBuffer.wrap(text.getBytes(US_ASCII));
            while (octets.hasRemaining()) {
                channel.write(octets);
            }
            channel.force(true);
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    @Command(
            name = "check",
            description = "Compares the record of each configured key with what the DNS has.")
    int check(
            @Mixin ConfigOption config,
            @Option(names = "--json", description = "One line of JSON.") boolean json)
            throws CliException {
        List<DkimConfig> keys = config.load().config().dkim();
        List<Checked> checked =
                DkimCheck.check(keys, System.getProperty(NAME_SERVERS, DkimCheck.NAME_SERVERS));
        if (json) {
            ArrayNode all = JsonNodeFactory.instance.arrayNode();
            for (Checked each : checked) {
                all.addObject()
                        .put("domain", each.key().domain())
                        .put("selector", each.key().selector())
                        .put("name", each.key().recordName())
                        .put("result", each.comparison().match().word())
                        .put("detail", each.comparison().words());
            }
            terminal.out().println(all);
        } else if (checked.isEmpty()) {
            terminal.say("no keys are configured: `postern dkim key DOMAIN SELECTOR` makes one");
        } else {
            checked.forEach(each -> terminal.say(each.line()));
        }
        boolean good = checked.stream().allMatch(each -> each.comparison().match() == Match.SAME);
        return good ? ExitCode.OK : ExitCode.FAILED;
    }
}
