package dev.postern.config;

/// The reading of one key's value: tells its problems under the key's path and keeps secrets out of
/// them.
///
/// @param path the key as problems name it
/// @param secret whether the value must not be shown
/// @param problems where they are told
record ValueContext(String path, boolean secret, Problems problems) {

    private static final int MOST_ECHOED_CHARS = 60;

    /// Returns the reading of a part of this value.
    ValueContext part(String suffix) {
        return new ValueContext(path + suffix, secret, problems);
    }

    /// Tells that a text breaks a rule.
    void wrong(RawValue.Text text, String rule, String remedy) {
        boolean hidden = secret || text.source() instanceof Source.InUrl;
        String echo = hidden ? "" : ", not " + quoted(text.value());
        problems.add(text.source(), path, "must be " + rule + echo, remedy);
    }

    /// Tells that something of another shape stands where `rule` was wanted.
    void shape(RawValue given, String rule) {
        String shape =
                switch (given) {
                    case RawValue.Nothing _ -> "empty";
                    case RawValue.Items _ -> "a list";
                    case RawValue.Entries _ -> "a mapping";
                    case RawValue.Text _, RawValue.Template _ -> "a single value";
                    case RawValue.Broken _ -> "";
                };
        if (!shape.isEmpty()) {
            problems.add(given.source(), path, "must be " + rule + ", not " + shape);
        }
    }

    /// Returns `text` in quotes, on one line, cut where it is long, and without what may be a
    /// password before an at-sign.
    static String quoted(String text) {
        StringBuilder echo = new StringBuilder("\"");
        int at = text.lastIndexOf('@');
        int colon = text.indexOf(':');
        String shown = colon >= 0 && colon < at ? Secret.MASK + text.substring(at) : text;
        shown.codePoints().limit(MOST_ECHOED_CHARS).forEach(point -> append(echo, point));
        return echo.append(shown.length() > MOST_ECHOED_CHARS ? "…\"" : "\"").toString();
    }

    private static void append(StringBuilder echo, int point) {
        if (Character.isISOControl(point)) {
            echo.append('\uFFFD');
        } else {
            echo.appendCodePoint(point);
        }
    }
}
