package dev.postern.admin;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postern.config.HostPort;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// One HTTP request, written octet by octet, since clients do not let a test choose its Host.
final class Raw {

    private static final int TIMEOUT_MILLIS = 10_000;

    private final HostPort address;
    private final String method;
    private final String target;
    private final List<String> headers = new ArrayList<>();
    private byte[] body = {};
    private boolean chunked;

    private Raw(HostPort address, String method, String target) {
        this.address = address;
        this.method = method;
        this.target = target;
    }

    /// An answer; header names in lower case.
    static final class Answer {

        private final int status;
        private final List<String> headers;
        private final byte[] body;

        Answer(int status, List<String> headers, byte[] body) {
            this.status = status;
            this.headers = headers;
            this.body = body;
        }

        int status() {
            return status;
        }

        byte[] body() {
            return body;
        }

        String header(String name) {
            String start = name.toLowerCase(Locale.ROOT) + ": ";
            return headers.stream()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(start))
                    .map(line -> line.substring(start.length()))
                    .findFirst()
                    .orElse("");
        }

        String text() {
            return new String(body, UTF_8);
        }

        JsonNode json() {
            try {
                return new ObjectMapper().readTree(body);
            } catch (IOException e) {
                throw new UncheckedIOException(text(), e);
            }
        }
    }

    static Raw request(HostPort address, String method, String target) {
        return new Raw(address, method, target);
    }

    Raw header(String name, String value) {
        headers.add(name + ": " + value);
        return this;
    }

    Raw body(String text) {
        body = text.getBytes(UTF_8);
        return this;
    }

    Raw chunked() {
        chunked = true;
        return this;
    }

    Answer send() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), address.port())) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.getOutputStream().write(octets());
            socket.getOutputStream().flush();
            return read(socket.getInputStream(), method.equals("HEAD"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] octets() throws IOException {
        StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\n");
        if (headers.stream().noneMatch(h -> h.startsWith("Host:"))) {
            head.append("Host: 127.0.0.1:" + address.port() + "\r\n");
        }
        headers.forEach(line -> head.append(line).append("\r\n"));
        if (chunked) {
            head.append("Transfer-Encoding: chunked\r\n");
        } else if (body.length > 0) {
            head.append("Content-Length: " + body.length + "\r\n");
        }
        head.append("Connection: close\r\n\r\n");
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(head.toString().getBytes(ISO_8859_1));
        if (chunked) {
            all.write((Integer.toHexString(body.length) + "\r\n").getBytes(ISO_8859_1));
            all.write(body);
            all.write("\r\n0\r\n\r\n".getBytes(ISO_8859_1));
        } else {
            all.write(body);
        }
        return all.toByteArray();
    }

    private static Answer read(InputStream in, boolean bodiless) throws IOException {
        String statusLine = line(in);
        List<String> headers = new ArrayList<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            headers.add(line);
        }
        int status = Integer.parseInt(statusLine.split(" ")[1]);
        Answer head = new Answer(status, headers, new byte[0]);
        if (head.header("transfer-encoding").equalsIgnoreCase("chunked")) {
            return new Answer(status, headers, unchunk(in));
        }
        if (bodiless || head.header("content-length").isEmpty()) {
            return head;
        }
        int length = Integer.parseInt(head.header("content-length"));
        return new Answer(status, headers, in.readNBytes(length));
    }

    private static byte[] unchunk(InputStream in) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        int size;
        while ((size = Integer.parseInt(line(in), 16)) > 0) {
            body.write(in.readNBytes(size));
            line(in);
        }
        return body.toByteArray();
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int octet;
        while ((octet = in.read()) >= 0 && octet != '\n') {
            if (octet != '\r') {
                line.write(octet);
            }
        }
        return line.toString(ISO_8859_1);
    }
}
