package dev.postern.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// A name server on loopback that knows some TXT records: over UDP as far as they fit, and over TCP
/// (RFC 1035 §4.2). A name that it does not know does not exist; one that begins with `fails`
/// fails.
public final class NameServer implements AutoCloseable {

    private static final int UDP_OCTETS = 512;
    private static final int STRING_OCTETS = 255;

    private final Map<String, List<String>> records;
    private final DatagramSocket udp;
    private final ServerSocket tcp;

    /// @param records the texts of each name, in ASCII
    public NameServer(Map<String, List<String>> records) throws IOException {
        this.records = records;
        InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
        this.tcp = new ServerSocket(0, 5, loopback);
        this.udp = new DatagramSocket(new InetSocketAddress(loopback, tcp.getLocalPort()));
        Thread.ofVirtual().start(this::overUdp);
        Thread.ofVirtual().start(this::overTcp);
    }

    /// Returns its address, as the JDK has it.
    public String url() {
        return "dns://127.0.0.1:" + udp.getLocalPort();
    }

    private void overUdp() {
        try {
            while (true) {
                DatagramPacket asked = new DatagramPacket(new byte[UDP_OCTETS], UDP_OCTETS);
                udp.receive(asked);
                byte[] question = Arrays.copyOf(asked.getData(), asked.getLength());
                byte[] answer = answer(question, true);
                udp.send(new DatagramPacket(answer, answer.length, asked.getSocketAddress()));
            }
        } catch (IOException _) {
            // It was closed.
        }
    }

    private void overTcp() {
        try {
            while (true) {
                try (Socket socket = tcp.accept()) {
                    DataInputStream in = new DataInputStream(socket.getInputStream());
                    byte[] answer = answer(in.readNBytes(in.readUnsignedShort()), false);
                    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
                    out.writeShort(answer.length);
                    out.write(answer);
                    out.flush();
                }
            }
        } catch (IOException _) {
            // It was closed.
        }
    }

    private byte[] answer(byte[] question, boolean cut) throws IOException {
        StringBuilder name = new StringBuilder();
        int at = 12;
        while (question[at] > 0) {
            name.append(name.isEmpty() ? "" : ".");
            name.append(new String(question, at + 1, question[at], US_ASCII));
            at += 1 + question[at];
        }
        int end = at + 5;
        boolean known = records.containsKey(name.toString());
        boolean fails = name.toString().startsWith("fails.");
        List<String> its = records.getOrDefault(name.toString(), List.of());
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(octets);
        out.write(question, 0, 2);
        int code = fails ? 2 : known ? 0 : 3;
        out.writeShort(0x8580 | code);
        out.writeShort(1);
        out.writeShort(its.size());
        out.writeInt(0);
        out.write(question, 12, end - 12);
        for (String text : its) {
            out.writeShort(0xC00C);
            out.writeShort(16);
            out.writeShort(1);
            out.writeInt(60);
            ByteArrayOutputStream strings = new ByteArrayOutputStream();
            for (int from = 0; from < text.length(); from += STRING_OCTETS) {
                byte[] part =
                        text.substring(from, Math.min(text.length(), from + STRING_OCTETS))
                                .getBytes(ISO_8859_1);
                strings.write(part.length);
                strings.writeBytes(part);
            }
            out.writeShort(strings.size());
            out.write(strings.toByteArray());
        }
        byte[] whole = octets.toByteArray();
        if (cut && whole.length > UDP_OCTETS) {
            whole = Arrays.copyOf(whole, end);
            whole[2] |= 0x02;
            whole[7] = 0;
        }
        return whole;
    }

    @Override
    public void close() throws IOException {
        udp.close();
        tcp.close();
    }
}
