package dev.postern.submit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.smtp.Command;
import dev.postern.smtp.CommandParser;
import dev.postern.smtp.Limits;
import java.io.IOException;
import java.io.OutputStream;

/// What a local program says in an SMTP session, as it travels: LF becomes CRLF, except among the
/// octets that a BDAT line has counted (RFC 3030 §2).
final class LocalCommands {

    private static final String END_OF_DATA = ".";

    private final OutputStream out;
    private final StringBuilder line = new StringBuilder();
    private long countedOctets;
    private int before = -1;
    private volatile boolean content;

    LocalCommands(OutputStream out) {
        this.out = out;
    }

    /// Says that DATA was answered 354: what comes until the final dot is no command.
    void contentBegins() {
        content = true;
    }

    void write(int octet) throws IOException {
        if (countedOctets > 0) {
            countedOctets--;
        } else if (octet == '\n') {
            if (before != '\r') {
                out.write('\r');
            }
            endLine();
        } else if (line.length() <= Limits.COMMAND_LINE_OCTETS) {
            line.append((char) (octet & 0xFF));
        }
        before = octet;
        out.write(octet);
    }

    private void endLine() {
        int end = line.length();
        String said = line.substring(0, end > 0 && line.charAt(end - 1) == '\r' ? end - 1 : end);
        line.setLength(0);
        if (content) {
            content = !said.equals(END_OF_DATA);
        } else if (CommandParser.parse(said.getBytes(ISO_8859_1)) instanceof Command.Bdat bdat) {
            countedOctets = bdat.sizeOctets();
        }
    }
}
