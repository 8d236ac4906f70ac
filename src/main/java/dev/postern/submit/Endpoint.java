package dev.postern.submit;

import dev.postern.config.HostPort;
import dev.postern.config.load.Types;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// Where a running forwarder really listens, as a file of three lines tells it:
///
/// ```
/// smtp=127.0.0.1:2525
/// health=127.0.0.1:8026
/// admin=127.0.0.1:8025
/// ```
public record Endpoint(HostPort smtp, HostPort health, HostPort admin) {

    /// Returns the file's text.
    String text() {
        return "smtp=" + smtp + "\nhealth=" + health + "\nadmin=" + admin + "\n";
    }

    /// Reads a file's text; empty when it is not whole.
    static Optional<Endpoint> parse(String text) {
        Map<String, HostPort> found = new HashMap<>();
        for (String line : text.lines().toList()) {
            int equals = line.indexOf('=');
            HostPort address = equals < 0 ? null : Types.hostPort(line.substring(equals + 1));
            if (address != null) {
                found.put(line.substring(0, equals), address);
            }
        }
        HostPort smtp = found.get("smtp");
        HostPort health = found.get("health");
        HostPort admin = found.get("admin");
        if (smtp == null || health == null || admin == null) {
            return Optional.empty();
        }
        return Optional.of(new Endpoint(smtp, health, admin));
    }

    /// Returns where to connect for an address that is listened on: `0.0.0.0` and `::` mean every
    /// interface, of which loopback is the nearest.
    static HostPort reachable(HostPort listening) {
        return switch (listening.host()) {
            case "0.0.0.0" -> new HostPort("127.0.0.1", listening.port());
            case "::", "0:0:0:0:0:0:0:0" -> new HostPort("::1", listening.port());
            default -> listening;
        };
    }

    /// The file in which `serve` says where it really listens, and in which the other commands
    /// look.
    ///
    /// It lies in `/run/postern` where that exists and is writable (the packages make it), for
    /// anybody to read, else in the spool's directory, where only the spool's owner can.
    ///
    /// Limits: a file of more than 4096 octets is none.
    public static final class EndpointFile {

        private static final Path RUN_DIRECTORY =
                Path.of(System.getProperty("postern.run", "/run/postern"));
        private static final String NAME = "endpoint";
        private static final int MAX_BYTES = 4096;

        private static final Set<PosixFilePermission> FOR_ALL =
                PosixFilePermissions.fromString("rw-r--r--");
        private static final Set<PosixFilePermission> FOR_US =
                PosixFilePermissions.fromString("rw-------");

        private final Path inRun;
        private final Path inSpool;

        /// @param spoolPath `spool.path`
        public EndpointFile(Path spoolPath) {
            this(RUN_DIRECTORY, spoolPath);
        }

        EndpointFile(Path runDirectory, Path spoolPath) {
            this.inRun = runDirectory.resolve(NAME);
            this.inSpool = spoolPath.resolve(NAME);
        }

        /// Writes the file, whole or not at all, and removes one that an earlier run left in the
        /// other place.
        ///
        /// @return where it was written
        /// @throws IOException when neither place takes it
        public Path write(Endpoint endpoint) throws IOException {
            if (Files.isWritable(Objects.requireNonNull(inRun.getParent()))) {
                write(endpoint, inRun, FOR_ALL);
                Files.deleteIfExists(inSpool);
                return inRun;
            }
            write(endpoint, inSpool, FOR_US);
            return inSpool;
        }

        /// Removes what [#write] wrote, since nobody listens there any more; but not what another
        /// forwarder has put in its place.
        public static void remove(Path written, Endpoint ours) throws IOException {
            if (read(written).equals(Optional.of(ours))) {
                Files.deleteIfExists(written);
            }
        }

        /// Returns what the running forwarder wrote. The spool's own file counts first: it belongs
        /// to this configuration, while `/run/postern` may tell of another forwarder on the same
        /// machine.
        public Optional<Endpoint> read() {
            return read(inSpool).or(() -> read(inRun));
        }

        /// Returns what a forwarder wrote for the whole machine, whatever its spool.
        public static Optional<Endpoint> readShared() {
            return read(RUN_DIRECTORY.resolve(NAME));
        }

        private static Optional<Endpoint> read(Path place) {
            try (InputStream in = Files.newInputStream(place, LinkOption.NOFOLLOW_LINKS)) {
                return Endpoint.parse(new String(in.readNBytes(MAX_BYTES), StandardCharsets.UTF_8));
            } catch (IOException _) {
                // Not there or not for us to read: the next place is asked.
                return Optional.empty();
            }
        }

        private static void write(Endpoint endpoint, Path place, Set<PosixFilePermission> mode)
                throws IOException {
            // Made for us alone, under a name that is not there: no link is followed.
            Path draft =
                    Files.createTempFile(Objects.requireNonNull(place.getParent()), NAME, ".new");
            try {
                Files.writeString(draft, endpoint.text());
                Files.setPosixFilePermissions(draft, mode);
                Files.move(
                        draft,
                        place,
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(draft);
            }
        }
    }
}
