package dev.postern.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The options of sendmail(8), as its many callers write them: values attached or apart, options
/// after recipients.
///
/// @param readsRecipients `-t`
/// @param dotEnds whether a line of one dot ends the message: not with `-i` or `-oi`
/// @param speaksSmtp `-bs`
/// @param sender `-f`; null without
/// @param fullName `-F`; null without
/// @param recipients as given
record SendmailOptions(
        boolean readsRecipients,
        boolean dotEnds,
        boolean speaksSmtp,
        @Nullable String sender,
        @Nullable String fullName,
        List<String> recipients) {

    /// Options with a value that mean nothing here.
    private static final String IGNORED_WITH_VALUE = "oBNRVLhOA";

    /// Options without one.
    private static final String IGNORED_FLAGS = "vnUG";

    SendmailOptions {
        recipients = List.copyOf(recipients);
    }

    /// @throws Trouble with exit status 64
    static SendmailOptions parse(List<String> words) throws Trouble {
        Parser parser = new Parser(words);
        parser.run();
        return new SendmailOptions(
                parser.readsRecipients,
                parser.dotEnds,
                parser.speaksSmtp,
                parser.sender,
                parser.fullName,
                parser.recipients);
    }

    /// Goes over the words once.
    private static final class Parser {

        private final List<String> words;
        private final List<String> recipients = new ArrayList<>();
        private int at;
        private boolean readsRecipients;
        private boolean dotEnds = true;
        private boolean speaksSmtp;
        private @Nullable String sender;
        private @Nullable String fullName;

        Parser(List<String> words) {
            this.words = words;
        }

        void run() throws Trouble {
            while (at < words.size()) {
                String word = words.get(at++);
                if (word.equals("--")) {
                    recipients.addAll(words.subList(at, words.size()));
                    return;
                }
                if (word.length() > 1 && word.charAt(0) == '-') {
                    option(word);
                } else {
                    recipients.add(word);
                }
            }
        }

        private void option(String word) throws Trouble {
            switch (word.charAt(1)) {
                case 'f', 'r' -> sender = value(word);
                case 'F' -> fullName = value(word);
                case 'b' -> mode(word);
                case 'o' -> setting(value(word));
                default -> other(word);
            }
        }

        private void other(String word) throws Trouble {
            if (IGNORED_WITH_VALUE.indexOf(word.charAt(1)) >= 0) {
                value(word);
                return;
            }
            for (char flag : word.substring(1).toCharArray()) {
                if (flag == 't') {
                    readsRecipients = true;
                } else if (flag == 'i') {
                    dotEnds = false;
                } else if (IGNORED_FLAGS.indexOf(flag) < 0) {
                    throw unknown(word);
                }
            }
        }

        private void mode(String word) throws Trouble {
            if (!word.equals("-bs") && !word.equals("-bm")) {
                throw unknown(word);
            }
            speaksSmtp = word.equals("-bs");
        }

        private void setting(String value) {
            if (value.equals("i")) {
                dotEnds = false;
            }
        }

        private String value(String word) throws Trouble {
            if (word.length() > 2) {
                return word.substring(2);
            }
            if (at == words.size()) {
                throw new Trouble(ExitCode.SENDMAIL_USAGE, "sendmail: " + word + " needs a value");
            }
            return words.get(at++);
        }

        private static Trouble unknown(String word) {
            return new Trouble(
                    ExitCode.SENDMAIL_USAGE,
                    "sendmail: unknown option " + word + " (see `postern sendmail --help`)");
        }
    }
}
