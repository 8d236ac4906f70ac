package dev.postern.cli;

import dev.postern.submit.SmtpClient.Reports;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The options of sendmail(8), as its many callers write them: values attached or apart, letters
/// together (`-itf a@b`), options after recipients.
///
/// @param mode what to do
/// @param readsRecipients `-t`
/// @param dotEnds whether a line of one dot ends the message: not with `-i` or `-oi`
/// @param sender `-f`; null without
/// @param fullName `-F`; null without
/// @param reports `-N`, `-R` and `-V`, as far as they make sense
/// @param recipients as given
record SendmailOptions(
        Mode mode,
        boolean readsRecipients,
        boolean dotEnds,
        @Nullable String sender,
        @Nullable String fullName,
        Reports reports,
        List<String> recipients) {

    /// What sendmail is called for.
    enum Mode {
        /// A message on standard input: `-bm`, or nothing said.
        SUBMIT,
        /// SMTP on standard input and output: `-bs`.
        SMTP,
        /// The queue's content: `-bp`.
        LIST,
        /// Another try for what waits: `-q`.
        FLUSH
    }

    /// Options with a value that mean nothing here.
    private static final String IGNORED_WITH_VALUE = "oBLhOXCpA";

    /// Options without one. `-m` is sendmail's "to me too".
    private static final String IGNORED_FLAGS = "vnUGm";

    /// Exim's settings whose value is the next word: how a message came in, as mail scanners say
    /// it.
    private static final Set<String> IGNORED_SETTINGS_WITH_VALUE =
            Set.of("Ma", "Maa", "Mai", "Mas", "Mi", "Mm", "Mr", "Ms", "Mt");

    private static final Set<String> NOTIFY = Set.of("SUCCESS", "FAILURE", "DELAY");

    /// What ENVID takes (RFC 3461 §4.4).
    private static final int MOST_ENVELOPE_ID_CHARS = 100;

    SendmailOptions {
        recipients = List.copyOf(recipients);
    }

    /// @throws CliException with exit status 64
    static SendmailOptions parse(List<String> words) throws CliException {
        Parser parser = new Parser(words);
        parser.run();
        return new SendmailOptions(
                parser.mode,
                parser.readsRecipients,
                parser.dotEnds,
                parser.sender,
                parser.fullName,
                new Reports(parser.notify, parser.ret, parser.envelopeId),
                parser.recipients);
    }

    /// Goes over the words once.
    private static final class Parser {

        private final List<String> words;
        private final List<String> recipients = new ArrayList<>();
        private int at;
        private Mode mode = Mode.SUBMIT;
        private boolean readsRecipients;
        private boolean dotEnds = true;
        private @Nullable String sender;
        private @Nullable String fullName;
        private String notify = "";
        private String ret = "";
        private String envelopeId = "";

        Parser(List<String> words) {
            this.words = words;
        }

        void run() throws CliException {
            while (at < words.size()) {
                String word = words.get(at++);
                if (word.equals("--")) {
                    recipients.addAll(words.subList(at, words.size()));
                    return;
                }
                if (word.length() > 1 && word.charAt(0) == '-') {
                    letters(word);
                } else {
                    recipients.add(word);
                }
            }
        }

        /// A letter that takes a value ends the word: what is behind it is that value.
        private void letters(String word) throws CliException {
            for (int i = 1; i < word.length(); i++) {
                String attached = word.substring(i + 1);
                switch (word.charAt(i)) {
                    case 't' -> readsRecipients = true;
                    case 'i' -> dotEnds = false;
                    case 'q' -> {
                        // A time, or which mail: all of it is tried.
                        mode = Mode.FLUSH;
                        return;
                    }
                    case 'e' -> {
                        // How errors are told: -em, -ee, -ep, -eq, -ew.
                        return;
                    }
                    default -> {
                        if (IGNORED_FLAGS.indexOf(word.charAt(i)) < 0) {
                            valued(word, i, attached);
                            return;
                        }
                    }
                }
            }
        }

        private void valued(String word, int letter, String attached) throws CliException {
            switch (word.charAt(letter)) {
                case 'f', 'r' -> sender = value(word, attached);
                case 'F' -> fullName = value(word, attached);
                case 'b' -> mode = mode(word, value(word, attached));
                case 'N' -> notify = notify(value(word, attached));
                case 'R' -> ret = ret(value(word, attached));
                case 'V' -> envelopeId = xtext(value(word, attached));
                case 'o' -> setting(word, value(word, attached));
                default -> {
                    if (IGNORED_WITH_VALUE.indexOf(word.charAt(letter)) < 0) {
                        throw unknown(word);
                    }
                    value(word, attached);
                }
            }
        }

        private static Mode mode(String word, String value) throws CliException {
            return switch (value) {
                case "m" -> Mode.SUBMIT;
                case "s" -> Mode.SMTP;
                case "p" -> Mode.LIST;
                case "v" ->
                        throw new CliException(
                                ExitCode.SENDMAIL_USAGE,
                                "sendmail: -bv: addresses are not verified beforehand; what can't"
                                        + " be mailed is told when it is sent");
                default -> throw unknown(word);
            };
        }

        private void setting(String word, String value) throws CliException {
            if (value.equals("i")) {
                dotEnds = false;
            } else if (IGNORED_SETTINGS_WITH_VALUE.contains(value)) {
                value(word, "");
            }
        }

        /// As Postfix does, what makes no sense is passed over.
        private static String notify(String value) {
            String upper = value.toUpperCase(Locale.ROOT);
            boolean known = NOTIFY.containsAll(Arrays.asList(upper.split(",")));
            return known || upper.equals("NEVER") ? upper : "";
        }

        private static String ret(String value) {
            return switch (value.toUpperCase(Locale.ROOT)) {
                case "FULL" -> "FULL";
                case "HDRS" -> "HDRS";
                default -> "";
            };
        }

        /// RFC 3461 §4: all but printable ASCII, and `+` and `=`, is written as `+` and two digits.
        private static String xtext(String value) {
            StringBuilder text = new StringBuilder();
            for (byte octet : value.getBytes(StandardCharsets.UTF_8)) {
                boolean plain = octet > ' ' && octet < 0x7f && octet != '+' && octet != '=';
                text.append(plain ? String.valueOf((char) octet) : "+%02X".formatted(octet & 0xff));
            }
            return text.length() > MOST_ENVELOPE_ID_CHARS ? "" : text.toString();
        }

        private String value(String word, String attached) throws CliException {
            if (!attached.isEmpty()) {
                return attached;
            }
            if (at == words.size()) {
                throw new CliException(
                        ExitCode.SENDMAIL_USAGE, "sendmail: " + word + " needs a value");
            }
            return words.get(at++);
        }

        private static CliException unknown(String word) {
            return new CliException(
                    ExitCode.SENDMAIL_USAGE,
                    "sendmail: unknown option " + word + " (see `postern sendmail --help`)");
        }
    }
}
