package dev.postern.submit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.config.HostPort;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;

/// A listener for one session that answers each command by a test's rule and keeps what was said.
public final class ScriptedListener implements AutoCloseable {

    /// What was said, without CRLF; message content too.
    public final List<String> said = Collections.synchronizedList(new ArrayList<>());

    private final ServerSocket server;
    private final UnaryOperator<String> answers;
    private final Thread thread;

    /// @param answers from a command's line, or `.` for end-of-data, to a reply without its last
    ///   CRLF; null hangs up
    public ScriptedListener(UnaryOperator<String> answers) throws IOException {
        this.answers = answers;
        this.server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        this.thread = Thread.ofVirtual().start(this::serve);
    }

    /// Answers everything as a listener that takes all.
    public static String accepting(String line) {
        String verb = line.length() < 4 ? line : line.substring(0, 4);
        return switch (verb) {
            case "220" -> "220 here ESMTP";
            case "EHLO" -> "250-here\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN";
            case "AUTH" -> "235 2.7.0 in";
            case "DATA" -> "354 go on";
            case "." -> "250 2.0.0 Ok: queued as 0F3Q8M2C7K1A";
            case "QUIT" -> "221 2.0.0 bye";
            default -> "250 2.1.0 ok";
        };
    }

    public HostPort address() {
        return new HostPort("127.0.0.1", server.getLocalPort());
    }

    /// Returns what was said once the session is over.
    public List<String> session() throws InterruptedException {
        thread.join();
        return List.copyOf(said);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }

    private void serve() {
        try (Socket socket = server.accept();
                BufferedReader in =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8))) {
            String line = "220";
            boolean data = false;
            while (line != null) {
                if (!data || line.equals(".")) {
                    String answer = answers.apply(line);
                    if (answer == null) {
                        return;
                    }
                    socket.getOutputStream().write((answer + "\r\n").getBytes(UTF_8));
                    data = answer.startsWith("354");
                }
                line = in.readLine();
                if (line != null) {
                    said.add(line);
                }
            }
        } catch (IOException e) {
            said.add("broken: " + e.getMessage());
        }
    }
}
