package dev.postern.smtp;

/// The rules for content said once more, in regular expressions over the whole of it: what the
/// streaming decoders are compared with.
final class SlowDecoding {
    private static final String END = "\r\n.\r\n";

    private SlowDecoding() {}

    /// Octets of `wire` up to and with the end of DATA content, or -1 if it does not end.
    static int dataLength(String wire) {
        int end = ("\r\n" + wire).indexOf(END);
        return end < 0 ? -1 : end + END.length() - "\r\n".length();
    }

    /// The content of DATA whose end is in `wire`.
    static String data(String wire) {
        String stuffed = wire.substring(0, dataLength(wire) - ".\r\n".length());
        return normalised(stuffed.replaceAll("(?:\\A|(?<=\r\n))\\.(?![\r\n])", ""));
    }

    /// The content of all BDAT chunks together.
    static String bdat(String chunks) {
        String content = normalised(chunks);
        return content.isEmpty() || content.endsWith("\r\n") ? content : content + "\r\n";
    }

    static boolean hasBareNewline(String content) {
        return !content.equals(normalised(content));
    }

    private static String normalised(String content) {
        return content.replaceAll("\r(?!\n)", " ").replaceAll("(?<!\r)\n", "\r\n");
    }
}
