package dev.postern.doctor;

import dev.postern.mail.ALabels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;

/// One question for the A records of a name, asked of one name server over UDP: only to tell the
/// kinds of failure apart (RFC 1035 §4.1).
final class DnsQuestion {

    /// What came of it.
    enum Answer {
        ADDRESS,
        /// The name exists and has no A record.
        NO_ADDRESS,
        NXDOMAIN,
        /// SERVFAIL, or any other code of failure.
        FAILED,
        /// The server's port is closed, or it refuses to answer us.
        REFUSED,
        /// Nothing came in time.
        NONE
    }

    private static final int HEADER_BYTES = 12;
    private static final int MESSAGE_MAX_BYTES = 512;
    private static final int LABEL_MAX_BYTES = 63;
    private static final int RECURSION_DESIRED = 0x01;
    private static final int RESPONSE = 0x80;
    private static final int RCODE = 0x0F;
    private static final SecureRandom RANDOM = new SecureRandom();

    private DnsQuestion() {}

    static Answer ask(InetSocketAddress server, String host, Duration limit) {
        int id = RANDOM.nextInt(1 << 16);
        byte[] question = question(id, host);
        if (question.length == 0) {
            return Answer.NXDOMAIN;
        }
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.setSoTimeout(Math.toIntExact(limit.toMillis()));
            socket.connect(server);
            socket.send(new DatagramPacket(question, question.length));
            DatagramPacket reply =
                    new DatagramPacket(new byte[MESSAGE_MAX_BYTES], MESSAGE_MAX_BYTES);
            socket.receive(reply);
            return read(reply, id);
        } catch (PortUnreachableException _) {
            return Answer.REFUSED;
        } catch (IOException _) {
            // A time-out, or no way to the server: either way nobody answers.
            return Answer.NONE;
        }
    }

    private static byte[] question(int id, String host) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {(byte) (id >> 8), (byte) id, RECURSION_DESIRED, 0, 0, 1});
        out.writeBytes(new byte[6]);
        for (String label : ALabels.domain(host).orElse("").split("\\.")) {
            byte[] octets = label.getBytes(StandardCharsets.US_ASCII);
            if (octets.length == 0 || octets.length > LABEL_MAX_BYTES) {
                return new byte[0];
            }
            out.write(octets.length);
            out.writeBytes(octets);
        }
        // The root, QTYPE A, QCLASS IN.
        out.writeBytes(new byte[] {0, 0, 1, 0, 1});
        return out.toByteArray();
    }

    private static Answer read(DatagramPacket reply, int id) {
        byte[] octets = reply.getData();
        boolean ours =
                reply.getLength() >= HEADER_BYTES
                        && octets[0] == (byte) (id >> 8)
                        && octets[1] == (byte) id
                        && (octets[2] & RESPONSE) != 0;
        if (!ours) {
            return Answer.FAILED;
        }
        int answers = (octets[6] & 0xFF) << 8 | (octets[7] & 0xFF);
        return switch (octets[3] & RCODE) {
            case 0 -> answers > 0 ? Answer.ADDRESS : Answer.NO_ADDRESS;
            case 3 -> Answer.NXDOMAIN;
            case 5 -> Answer.REFUSED;
            default -> Answer.FAILED;
        };
    }
}
