package dev.postern.it;

import dev.postern.testing.Commands;
import dev.postern.testing.Programs;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// The programs and libraries that send mail in `ClientsIT`, each by a small script of ours under
/// the tests' resources.
enum MailClient {
    SWAKS("swaks.sh", "sh", List.of(Programs.SWAKS)),
    SMTPLIB("smtplib_client.py", "python3", List.of(Programs.PYTHON)),
    /// Debian's Django, which only Debian's own Python knows.
    DJANGO("django_client.py", "/usr/bin/python3", List.of(Programs.DJANGO)),
    MSMTP("msmtp.sh", "sh", List.of(Programs.MSMTP, Programs.PYTHON)),
    CURL("curl.sh", "sh", List.of(Programs.CURL)),
    NODEMAILER("nodemailer.cjs", "node", List.of(Programs.NODE, Programs.NODE_MODULES));

    /// To whom each of them sends its message.
    static final Set<String> RECIPIENTS =
            Set.of(
                    "to1@example.com",
                    "to2@example.com",
                    "cc@example.com",
                    "bcc1@example.net",
                    "bcc2@example.net");

    /// What stands nowhere in the message once it is on its way.
    static final String SECRET_DOMAIN = "@example.net";

    private static final Path SCRIPTS =
            Path.of(System.getProperty("postern.home"), "src/test/resources/dev/postern/clients");

    private static final byte[] PNG_BEGINNING = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 26, '\n'};

    private final String script;
    private final String interpreter;
    private final List<Programs> needed;

    MailClient(String script, String interpreter, List<Programs> needed) {
        this.script = script;
        this.interpreter = interpreter;
        this.needed = needed;
    }

    /// Sends the message to the port of loopback.
    ///
    /// @param sender the address to send from, which tells this message from others
    /// @throws AssertionError when the client reports an error
    void send(int port, String sender, Path directory) throws IOException {
        needed.forEach(Programs::require);
        Programs.onPath("sh");
        ProcessBuilder builder =
                new ProcessBuilder(interpreter, SCRIPTS.resolve(script).toString())
                        .directory(directory.toFile());
        String found =
                needed.stream()
                        .map(program -> program.require().getParent() + File.pathSeparator)
                        .collect(Collectors.joining());
        Path assets = assets(directory);
        Map<String, String> environment = builder.environment();
        environment.merge("PATH", found, (path, first) -> first + path);
        environment.putAll(
                Map.of(
                        "SMTP_PORT", Integer.toString(port),
                        "SENDER", sender,
                        "TOKEN", name(),
                        "ASSETS", assets.toString(),
                        "PYTHONDONTWRITEBYTECODE", "1",
                        "LC_ALL", "C.UTF-8",
                        "NODE_MODULES",
                                Programs.NODE_MODULES.find().map(Path::toString).orElse("")));
        environment
                .keySet()
                .removeIf(name -> name.toLowerCase(java.util.Locale.ROOT).endsWith("_proxy"));
        Commands.run(builder).expect(0);
    }

    /// Makes what the clients attach: every octet, and lines that begin with dots.
    private static Path assets(Path directory) throws IOException {
        byte[] everyOctet = new byte[4096];
        for (int i = 0; i < everyOctet.length; i++) {
            everyOctet[i] = (byte) i;
        }
        Path assets = Files.createDirectories(directory.resolve("assets"));
        Files.write(assets.resolve("attachment"), everyOctet);
        byte[] logo = everyOctet.clone();
        System.arraycopy(PNG_BEGINNING, 0, logo, 0, PNG_BEGINNING.length);
        Files.write(assets.resolve("logo.png"), logo);
        return assets;
    }
}
