package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Arrival;
import dev.postern.testing.Exim;
import dev.postern.testing.HeaderSection;
import dev.postern.testing.NextHop;
import dev.postern.testing.OpenSmtpd;
import dev.postern.testing.Postern;
import dev.postern.testing.Postfix;
import dev.postern.testing.Tap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Real clients through Postern to real servers: a multipart message with an inline image and an
/// attachment, compared octet by octet with what a wire tap saw the client send.
class ClientsIT {

    /// Port 587's way: STARTTLS and AUTH.
    @Nested
    class ToExim extends Journey {
        @Override
        NextHop startHop(Path directory) throws IOException {
            return Exim.start(directory);
        }
    }

    /// Port 465's way: implicit TLS and AUTH.
    @Nested
    class ToPostfix extends Journey {
        @Override
        NextHop startHop(Path directory) throws IOException {
            return Postfix.start(directory);
        }
    }

    @Nested
    class ToOpenSmtpd extends Journey {
        @Override
        NextHop startHop(Path directory) throws IOException {
            return OpenSmtpd.start(directory);
        }
    }

    /// The way of one message: client, tap, Postern, next hop.
    @TestInstance(Lifecycle.PER_CLASS)
    abstract static class Journey {

        private static final List<String> ADDED_WHEN_MISSING = List.of("Date", "Message-ID");

        private Path directory;
        private NextHop hop;
        private Postern postern;
        private Tap tap;

        abstract NextHop startHop(Path directory) throws IOException;

        @BeforeAll
        void start(@TempDir Path directory) throws IOException {
            this.directory = directory;
            hop = startHop(directory);
            postern = Postern.in(directory).egress(hop.egress()).start();
            tap = new Tap(postern.smtpPort());
        }

        @AfterAll
        void stop() throws IOException {
            if (tap != null) {
                tap.close();
            }
            if (postern != null) {
                postern.close();
            }
            if (hop != null) {
                hop.close();
            }
        }

        @ParameterizedTest
        @EnumSource
        void bytesArriveAsTheyWereSentAndBccStaysSecret(MailClient client) throws IOException {
            String sender = client.name().toLowerCase(Locale.ROOT) + "@example.org";
            client.send(tap.port(), sender, directory);
            HeaderSection sent = tap.contentFrom(sender);
            Arrival arrival = hop.await(sender);

            assertEquals(MailClient.RECIPIENTS, arrival.recipients());
            String whole = arrival.content().toString();
            assertFalse(whole.contains(MailClient.SECRET_DOMAIN), whole);
            assertEquals(withoutBareNewlines(sent.without("Bcc")), asSent(sent, arrival.content()));
        }

        private static HeaderSection withoutBareNewlines(HeaderSection sent) {
            return HeaderSection.of(sent.toString().replaceAll("(?<!\\r)\\n", "\r\n"));
        }

        /// Takes away what Postern may add, and nothing else.
        private static HeaderSection asSent(HeaderSection sent, HeaderSection arrived) {
            String received = arrived.fields().getFirst();
            assertTrue(received.contains("by postern.example.com"), received);
            HeaderSection bare = arrived.withoutFirst("Received");
            for (String name : ADDED_WHEN_MISSING) {
                if (!sent.has(name)) {
                    assertTrue(bare.has(name), "a missing " + name + " is added");
                    bare = bare.without(name);
                }
            }
            return bare;
        }
    }
}
