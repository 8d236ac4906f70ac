package dev.postern.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Who may reach the files of a test: servers that are started as root become somebody else.
public final class Access {

    /// The number of a user that no system has, for whom [#asStranger] runs commands.
    public static final int STRANGER = 4711;

    private Access() {}

    /// Lets everybody pass through a directory that JUnit made for its owner alone.
    static void passableByAll(Path directory) throws IOException {
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory);
        permissions.add(PosixFilePermission.OTHERS_EXECUTE);
        Files.setPosixFilePermissions(directory, permissions);
    }

    /// Lets everybody read the file.
    static void openToAll(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }

    /// Makes a directory that belongs to the user.
    static Path directoryOf(String user, Path directory) throws IOException {
        Files.createDirectories(directory);
        UserPrincipal owner =
                directory
                        .getFileSystem()
                        .getUserPrincipalLookupService()
                        .lookupPrincipalByName(user);
        return Files.setOwner(directory, owner);
    }

    /// Returns the beginning of a command that runs in namespaces of its own.
    ///
    /// @param namespaces options of `unshare`; the test is skipped where it may not make them
    public static List<String> unshare(String... namespaces) throws IOException {
        needsRoot();
        List<String> beginning =
                Stream.concat(
                                Stream.of(Programs.UNSHARE.require().toString()),
                                Stream.of(namespaces))
                        .toList();
        Commands.Result tried =
                Commands.run(
                        new ProcessBuilder(
                                Stream.concat(beginning.stream(), Stream.of("true")).toList()));
        Programs.needs(
                tried.status() == 0,
                "namespaces not allowed here (" + tried.errors().strip() + "): run privileged");
        return beginning;
    }

    /// Returns the words before a command that make it run as [#STRANGER], without any right of
    /// root's, and gives him the test's directory. Skips the test unless it runs as root.
    public static List<String> asStranger(Path directory) throws IOException {
        needsRoot();
        Files.setAttribute(directory, "unix:uid", STRANGER);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        String user = String.valueOf(STRANGER);
        return List.of("setpriv", "--reuid", user, "--regid", user, "--clear-groups");
    }

    /// Returns a copy of the distribution in the test's directory, for those who can't reach the
    /// checkout.
    public static Path distributionIn(Path directory) throws IOException {
        Path target = Path.of(System.getProperty("postern.home"), "target");
        Path copy = directory.resolve("distribution");
        try (Stream<Path> made = Files.list(target)) {
            Optional<Path> distribution =
                    made.filter(it -> Files.exists(it.resolve("bin/postern"))).findFirst();
            Programs.needs(distribution.isPresent(), "no distribution here: run mvn package");
            String from = distribution.orElseThrow().toString();
            Commands.run(new ProcessBuilder("cp", "-a", from, copy.toString())).expect(0);
        }
        return copy;
    }

    /// Skips the test unless it runs as root: servers then become the user that they are made for.
    static void needsRoot() {
        Programs.needs(
                ProcessHandle.current().info().user().filter("root"::equals).isPresent(),
                "root not here: run as root");
    }
}
