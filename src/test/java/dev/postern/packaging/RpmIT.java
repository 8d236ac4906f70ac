package dev.postern.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Commands;
import dev.postern.testing.DebianRoot;
import dev.postern.testing.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The .rpm: what rpm says of it, and its scriptlets at work. No AlmaLinux is at hand, so they run
/// in a small Debian whose update-alternatives takes the same words as `alternatives`.
class RpmIT {

    private static final String TOKEN = "/etc/postern/admin-token";
    private static final String CONFIGURATION = "/etc/postern/postern.yaml";

    @TempDir private Path directory;

    @Test
    void itSaysWhatItHolds() throws IOException {
        String files =
                query(
                        "--qf",
                        "[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILENAMES}\\n]");
        for (String line :
                List.of(
                        "-rw-r--r-- root:root /etc/postern/postern.yaml",
                        "drwx------ root:root /etc/postern/credentials",
                        "-rw-r----- root:postern /etc/postern/admin-token",
                        "drwx------ postern:postern /var/spool/postern",
                        "-rw-r--r-- root:root /usr/lib/systemd/system/postern.service",
                        "-rwxr-xr-x root:root /usr/sbin/sendmail.postern",
                        "-rwxr-xr-x root:root /usr/lib/postern/runtime/bin/java")) {
            assertTrue(files.lines().anyMatch(line::equals), () -> line + "\nof\n" + files);
        }
        String flags = query("--qf", "[%{FILENAMES} %{FILEFLAGS:fflags}\n]");
        assertTrue(flags.contains(CONFIGURATION + " cn\n"), flags);
        assertTrue(flags.contains(TOKEN + " g\n"), flags);
    }

    @Test
    void itNeedsNoJavaAndProvidesAnMta() throws IOException {
        assertFalse(query("--requires").contains("java"));
        String provides = query("--provides");
        assertTrue(provides.lines().anyMatch("MTA"::equals), provides);
        String scripts = query("--scripts");
        assertTrue(
                scripts.contains(
                        "alternatives --install /usr/sbin/sendmail mta /usr/sbin/sendmail.postern"),
                scripts);
        assertTrue(scripts.contains("alternatives --set mta /usr/sbin/sendmail.postern"), scripts);
    }

    @Test
    void itIsInstalledUpgradedAndErased() throws IOException {
        Path built = Packages.built(".rpm");
        try (DebianRoot system = DebianRoot.copyTo(directory.resolve("system"))) {
            Files.createSymbolicLink(
                    system.file("/usr/sbin/alternatives"), Path.of("/usr/bin/update-alternatives"));
            rpm(system.root(), "-i", built.toString());
            itIsInPlace(system);
            String token = system.read(TOKEN);
            Files.writeString(system.file(CONFIGURATION), system.read(CONFIGURATION) + "# mine\n");
            Files.writeString(system.file("/var/spool/postern/mail"), "not sent\n");

            rpm(system.root(), "-U", "--force", built.toString());

            itIsInPlace(system);
            assertEquals(token, system.read(TOKEN));
            assertTrue(system.read(CONFIGURATION).endsWith("# mine\n"));

            String told = rpm(system.root(), "-e", "postern");

            assertTrue(told.contains("kept /var/spool/postern"), told);
            assertEquals("not sent\n", system.read("/var/spool/postern/mail"));
            assertTrue(system.read(CONFIGURATION + ".rpmsave").endsWith("# mine\n"));
            for (String gone : List.of(TOKEN, "/usr/sbin/sendmail", "/usr/bin/mailq")) {
                assertFalse(Files.isSymbolicLink(system.file(gone)), gone);
                assertFalse(Files.exists(system.file(gone)), gone);
            }
        }
    }

    /// cPanel's Exim owns `/usr/sbin/sendmail` itself, without alternatives.
    @Test
    void anotherServersOwnSendmailIsLeftAlone() throws IOException {
        Path root = Files.createDirectory(directory.resolve("root"));
        Path exim = standIn();
        for (Path one : List.of(exim, Packages.built(".rpm"))) {
            rpm(root, "--noscripts", "-i", one.toString());
        }
        Path sendmail = root.resolve("usr/sbin/sendmail");
        assertEquals("Exim's\n", Files.readString(sendmail));

        rpm(root, "--noscripts", "-e", "postern");

        assertEquals("Exim's\n", Files.readString(sendmail));
    }

    private Path standIn() throws IOException {
        Path spec =
                Files.writeString(
                        directory.resolve("exim.spec"),
                        """
                        Name: exim
                        Version: 1
                        Release: 1
                        Summary: stands in for Exim
                        License: none
                        BuildArch: noarch
                        %description
                        Nothing.
                        %install
                        mkdir -p %{buildroot}/usr/sbin
                        echo "Exim's" >%{buildroot}/usr/sbin/sendmail
                        %files
                        /usr/sbin/sendmail
                        """);
        List<String> command =
                List.of(
                        Programs.RPMBUILD.require().toString(),
                        "-bb",
                        "--quiet",
                        "--define",
                        "_topdir " + directory,
                        "--define",
                        "_rpmdir " + directory,
                        "--define",
                        "_rpmfilename exim.rpm",
                        spec.toString());
        Commands.run(new ProcessBuilder(command)).expect(0);
        return directory.resolve("exim.rpm");
    }

    private static void itIsInPlace(DebianRoot system) throws IOException {
        for (String name : List.of("/usr/sbin/sendmail", "/usr/lib/sendmail")) {
            String real = system.run("readlink", "-f", name).expect(0).output().strip();
            assertEquals("/usr/sbin/sendmail.postern", real);
        }
        assertTrue(system.run("newaliases").expect(0).output().contains(CONFIGURATION));
        Commands.Result version = system.runAs("postern", "/usr/bin/postern", "version");
        assertTrue(version.expect(0).output().startsWith("postern "), version::toString);
        assertEquals(
                "640 root:postern\n",
                system.run("stat", "-c", "%a %U:%G", TOKEN).expect(0).output());
    }

    private static String rpm(Path root, String... words) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Programs.RPM.require().toString(),
                                "--root",
                                root.toString(),
                                "--dbpath",
                                "/var/lib/rpm",
                                "--nodeps"));
        command.addAll(Arrays.asList(words));
        Commands.Result result = Commands.run(new ProcessBuilder(command)).expect(0);
        return result.output() + result.errors();
    }

    private static String query(String... words) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Programs.RPM.require().toString(),
                                "-qp",
                                Packages.built(".rpm").toString()));
        command.addAll(Arrays.asList(words));
        return Commands.run(new ProcessBuilder(command)).expect(0).output();
    }
}
