package dev.postern.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.reception.Reception;
import dev.postern.smtp.Command;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Who may submit and who is offered AUTH, by where the client is and what is configured.
class AdmissionTest {

    private static final Command.Mail MAIL =
            new Command.Mail("a@example.org", OptionalLong.empty(), false);

    /// `listener` is loopback or open, `client` its address, `reply` the answer to MAIL.
    @ParameterizedTest(name = "{0} {1} users={2} listener={3} client={4} secure={5}")
    @CsvSource({
        // auth,    allow,           users, listener, client,      secure, tls,   offered, reply
        "NONE,      default,         false, loopback, 127.0.0.1,   false,  false, false,   250",
        "NONE,      default,         false, open,     127.0.0.1,   false,  false, false,   550",
        "NONE,      127.0.0.1/32,    false, open,     127.0.0.1,   false,  false, false,   250",
        "NONE,      192.0.2.0/24,    false, open,     192.0.2.7,   false,  false, false,   250",
        "NONE,      192.0.2.0/24,    false, open,     192.0.3.7,   false,  false, false,   550",
        "OPTIONAL,  default,         false, loopback, 127.0.0.1,   false,  false, true,    250",
        "OPTIONAL,  192.0.2.0/24,    false, open,     192.0.3.7,   false,  true,  false,   550",
        "OPTIONAL,  192.0.2.0/24,    true,  open,     192.0.3.7,   false,  false, false,   550",
        "OPTIONAL,  192.0.2.0/24,    true,  open,     192.0.3.7,   false,  true,  false,   530",
        "OPTIONAL,  192.0.2.0/24,    true,  open,     192.0.3.7,   true,   true,  true,    530",
        "OPTIONAL,  192.0.2.0/24,    true,  open,     192.0.2.7,   false,  true,  false,   250",
        "OPTIONAL,  default,         true,  open,     127.0.0.1,   false,  false, true,    530",
        "REQUIRED,  192.0.2.0/24,    true,  open,     192.0.2.7,   true,   true,  true,    530",
        "REQUIRED,  default,         true,  loopback, 127.0.0.1,   false,  false, true,    530",
    })
    void isByTheTable(
            String auth,
            String allow,
            boolean users,
            String listener,
            String client,
            boolean secure,
            boolean tls,
            boolean offered,
            int reply)
            throws IOException {
        Admission admission = admission(auth, allow, users, listener.equals("loopback"), tls);
        SessionContext.Link link = link(client);
        assertEquals(offered, admission.authOffered(link, secure));
        Reception.Result.Refused refused = admission.refusal(MAIL, link, secure, false);
        assertEquals(reply, refused == null ? 250 : refused.reply().code().value());
        assertEquals(null, admission.refusal(MAIL, link, secure, true));
    }

    @Test
    void anyCredentialsOnlyBetweenLoopbackEnds() throws IOException {
        Admission admission = admission("OPTIONAL", "default", false, false, true);
        assertEquals(true, admission.takesAnyCredentials(link("127.0.0.1")));
        assertEquals(false, admission.takesAnyCredentials(link("192.0.2.7")));
        Admission withUsers = admission("OPTIONAL", "default", true, false, true);
        assertEquals(false, withUsers.takesAnyCredentials(link("127.0.0.1")));
    }

    @Test
    void authPlaintextOffersItEverywhere() throws IOException {
        try (Door door = new Door().set("user", "app:secret").set("auth-plaintext", "true")) {
            Admission admission = new Admission(door.context().config(), false, false);
            assertEquals(true, admission.authOffered(link("192.0.2.7"), false));
        }
    }

    private static Admission admission(
            String auth, String allow, boolean users, boolean loopback, boolean tls)
            throws IOException {
        try (Door door = new Door().set("auth", auth)) {
            if (!allow.equals("default")) {
                door.set("allow", allow);
            }
            if (users) {
                door.set("user", "app:secret");
            }
            return new Admission(door.context().config(), loopback, tls);
        }
    }

    private static SessionContext.Link link(String client) throws UnknownHostException {
        InetAddress address = InetAddress.getByName(client);
        InetAddress local =
                address.isLoopbackAddress() ? address : InetAddress.getByName("192.0.2.1");
        return new SessionContext.Link(address, local);
    }
}
