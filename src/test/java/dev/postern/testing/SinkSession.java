package dev.postern.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One session of a [Sink].
final class SinkSession {

    private static final String EHLO_REPLY =
            """
            250-sink.example.com\r
            250-PIPELINING\r
            250-SIZE 104857600\r
            250-8BITMIME\r
            250-ENHANCEDSTATUSCODES\r
            250 SMTPUTF8\r
            """;

    private final OctetSource in;
    private final OutputStream out;
    private final Consumer<Taken> taken;
    private final List<String> recipients = new ArrayList<>();
    private String sender = "";
    private boolean over;

    /// @param taken gets each DATA before it is answered
    SinkSession(Socket socket, Consumer<Taken> taken) throws IOException {
        this.in = new OctetSource(socket.getInputStream());
        this.out = socket.getOutputStream();
        this.taken = taken;
    }

    /// Talks until the client goes.
    void converse() throws IOException {
        say("220 sink.example.com ESMTP\r\n");
        for (String line = line(); line != null && !over; line = over ? null : line()) {
            String verb = line.split("[ :]", 2)[0].toUpperCase(Locale.ROOT);
            switch (verb) {
                case "EHLO" -> say(EHLO_REPLY);
                case "MAIL" -> mail(line);
                case "RCPT" -> rcpt(line);
                case "DATA" -> data();
                case "QUIT" -> {
                    say("221 2.0.0 bye\r\n");
                    over = true;
                }
                default -> say("250 2.0.0 ok\r\n");
            }
        }
    }

    private void mail(String line) throws IOException {
        sender = path(line);
        recipients.clear();
        boolean whole = sender.isEmpty() || sender.contains("@");
        say(whole ? "250 2.1.0 ok\r\n" : "550 5.1.7 sender without a domain\r\n");
    }

    private void rcpt(String line) throws IOException {
        String recipient = path(line);
        if (recipient.startsWith("refused")) {
            say("550 5.1.1 no such user\r\n");
            return;
        }
        if (!recipient.contains("@")) {
            say("550 5.1.3 recipient without a domain\r\n");
            return;
        }
        recipients.add(recipient);
        say("250 2.1.5 ok\r\n");
    }

    private void data() throws IOException {
        if (recipients.isEmpty()) {
            say("503 5.5.1 no recipients\r\n");
            return;
        }
        say("354 go on\r\n");
        Taken data = ContentRecorder.read(in, sender, List.copyOf(recipients));
        taken.accept(data);
        over = !data.whole();
        if (!over) {
            say("250 2.0.0 taken\r\n");
        }
    }

    private static String path(String line) {
        return line.substring(line.indexOf('<') + 1, line.indexOf('>'));
    }

    private void say(String reply) throws IOException {
        out.write(reply.getBytes(ISO_8859_1));
        out.flush();
    }

    private @Nullable String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
            if (octet == '\n') {
                return line.toString(ISO_8859_1).stripTrailing();
            }
            line.write(octet);
        }
        return null;
    }
}
