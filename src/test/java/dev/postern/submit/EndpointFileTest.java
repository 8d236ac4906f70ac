package dev.postern.submit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.HostPort;
import dev.postern.submit.Endpoint.EndpointFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointFileTest {

    private static final Endpoint ENDPOINT =
            new Endpoint(
                    new HostPort("127.0.0.1", 2525),
                    new HostPort("0.0.0.0", 8026),
                    new HostPort("::1", 8025));

    @TempDir private Path directory;
    private Path run;
    private Path spool;

    @BeforeEach
    void directories() throws IOException {
        run = directory.resolve("run");
        spool = Files.createDirectory(directory.resolve("spool"));
    }

    private EndpointFile file() {
        return new EndpointFile(run, spool);
    }

    @Test
    void itHoldsTheAddressesAndNothingElse() throws IOException {
        Path written = file().write(ENDPOINT);

        assertEquals(spool.resolve("endpoint"), written);
        assertEquals(
                "smtp=127.0.0.1:2525\nhealth=0.0.0.0:8026\nadmin=[::1]:8025\n",
                Files.readString(written));
        assertEquals("rw-------", mode(written), "as all in the spool");
        assertEquals(Optional.of(ENDPOINT), file().read());
        try (var entries = Files.list(spool)) {
            assertEquals(List.of(written), entries.toList(), "no draft is left");
        }
    }

    @Test
    void theRunDirectoryIsPreferredWhereItExists() throws IOException {
        Path stale = file().write(ENDPOINT);
        Files.createDirectory(run);

        Path written = file().write(ENDPOINT);

        assertEquals(run.resolve("endpoint"), written);
        assertFalse(Files.exists(stale), "what an earlier run left would mislead");
        assertEquals(Optional.of(ENDPOINT), file().read());
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    /// The other users' `sendmail` looks there.
    @Test
    void inTheRunDirectoryAnybodyMayReadIt() throws IOException {
        Files.createDirectory(run);
        assertEquals("rw-r--r--", mode(file().write(ENDPOINT)));
    }

    @Test
    void aLinkInItsPlaceIsReplacedAndNeverRead() throws IOException {
        Path elsewhere = Files.writeString(directory.resolve("elsewhere"), ENDPOINT.text());
        Path link = Files.createSymbolicLink(spool.resolve("endpoint"), elsewhere);
        assertTrue(file().read().isEmpty());

        file().write(new Endpoint(ENDPOINT.smtp(), ENDPOINT.smtp(), ENDPOINT.smtp()));

        assertFalse(Files.isSymbolicLink(link));
        assertEquals(ENDPOINT.text(), Files.readString(elsewhere));
    }

    @Test
    void theSpoolsOwnFileCountsFirst() throws IOException {
        Files.createDirectory(run);
        Files.writeString(run.resolve("endpoint"), "smtp=h:1\nhealth=h:2\nadmin=h:3\n");
        Files.writeString(spool.resolve("endpoint"), ENDPOINT.text());

        assertEquals(Optional.of(ENDPOINT), file().read());
    }

    @Test
    void itIsRemovedAtACleanStop() throws IOException {
        Path written = file().write(ENDPOINT);

        EndpointFile.remove(written, ENDPOINT);
        EndpointFile.remove(written, ENDPOINT);

        assertTrue(file().read().isEmpty());
    }

    @Test
    void whatAnotherForwarderWroteStays() throws IOException {
        Path written = file().write(ENDPOINT);
        String other = "smtp=h:1\nhealth=h:2\nadmin=h:3\n";
        Files.writeString(written, other);

        EndpointFile.remove(written, ENDPOINT);

        assertEquals(other, Files.readString(written));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "smtp=127.0.0.1:2525",
                "smtp=x\nhealth=y\nadmin=z",
                "smtp=h:1\nhealth=h:2\nadmin=h:70000",
                "smtp=h:1\nhealth=h:2\nadmin=:3"
            })
    void aBrokenFileIsNone(String text) {
        assertTrue(Endpoint.parse(text).isEmpty());
    }

    @ParameterizedTest
    @CsvSource({"0.0.0.0, 127.0.0.1", "'::', '::1'", "127.0.0.1, 127.0.0.1", "10.1.2.3, 10.1.2.3"})
    void everyInterfaceIsReachedOverLoopback(String listening, String reached) {
        assertEquals(new HostPort(reached, 25), Endpoint.reachable(new HostPort(listening, 25)));
    }
}
