package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.random.RandomGenerator;

/// Words of many scripts, and every form in which mail programs write them into header fields: an
/// octet in each character.
final class MadeWords {

    /// A script's words, and the charsets that have them, the one that is most used first.
    private record Script(List<String> words, List<String> charsets) {

        Script(List<String> words, String... charsets) {
            this(words, List.of(charsets));
        }
    }

    private static final List<Script> SCRIPTS =
            List.of(
                    new Script(List.of("Łukasz", "Żak", "Źdźbło"), "utf-8", "iso-8859-2"),
                    new Script(
                            List.of("Jürgen", "Müßig", "Ångström"),
                            "utf-8",
                            "iso-8859-1",
                            "windows-1252",
                            "iso-8859-15"),
                    new Script(
                            List.of("Пётр", "Чайковский", "Отдел"),
                            "utf-8",
                            "koi8-r",
                            "windows-1251",
                            "iso-8859-5"),
                    new Script(
                            List.of("Αθηνά", "Παπαδοπούλου"),
                            "utf-8",
                            "iso-8859-7",
                            "windows-1253"),
                    new Script(List.of("שרה", "לוי"), "utf-8", "iso-8859-8", "windows-1255"),
                    new Script(List.of("محمد", "الخوارزمي"), "utf-8", "windows-1256", "iso-8859-6"),
                    new Script(List.of("สมชาย", "ใจดี"), "utf-8", "tis-620"),
                    new Script(
                            List.of("山田", "太郎", "テスト"),
                            "utf-8",
                            "iso-2022-jp",
                            "shift_jis",
                            "euc-jp"),
                    new Script(List.of("王小明", "测试"), "utf-8", "gb2312", "gbk", "gb18030"),
                    new Script(List.of("陳大文", "測試"), "utf-8", "big5"),
                    new Script(List.of("김철수", "회의"), "utf-8", "euc-kr", "ks_c_5601-1987"),
                    new Script(List.of("प्रिया", "शर्मा"), "utf-8"),
                    new Script(List.of("ნინო", "🎉", "O’Brien", "👩‍💻"), "utf-8"));

    private final RandomGenerator random;

    /// What raw octets of this message's header fields are in, unless they are UTF-8.
    private Script raw = SCRIPTS.get(1);

    private String rawCharset = "utf-8";
    private boolean isRawUtf8 = true;

    MadeWords(RandomGenerator random) {
        this.random = random;
    }

    /// Some words, and a charset that has them.
    record Words(String text, String charset) {

        byte[] octets() {
            return text.getBytes(Charset.forName(charset));
        }

        String raw() {
            return new String(octets(), ISO_8859_1);
        }
    }

    Words words() {
        return words(Seeds.oneOf(random, SCRIPTS));
    }

    private Words words(Script script) {
        StringBuilder text = new StringBuilder(Seeds.oneOf(random, script.words));
        for (int left = random.nextInt(3); left > 0; left--) {
            text.append(' ').append(Seeds.oneOf(random, script.words));
        }
        boolean usual = random.nextBoolean();
        String charset = usual ? script.charsets.getFirst() : Seeds.oneOf(random, script.charsets);
        return new Words(text.toString(), charset);
    }

    /// Chooses what raw octets are in, and returns the charset that the message's text has to have.
    String chooseRaw() {
        raw = Seeds.oneOf(random, SCRIPTS);
        rawCharset = Seeds.oneOf(random, raw.charsets);
        isRawUtf8 = random.nextBoolean() || rawCharset.startsWith("iso-2022");
        return rawCharset;
    }

    /// Returns whether raw octets are UTF-8, which other raw octets of a field have to be then.
    boolean isRawUtf8() {
        return isRawUtf8;
    }

    /// Returns a text for an unstructured field: a subject, a description.
    String unstructured() {
        return switch (random.nextInt(6)) {
            case 0 -> "plain (no comment) \"as it is\" <x>";
            case 1 -> rawWords();
            case 2 -> "Re: " + encoded(words()) + " tail";
            case 3 -> encoded(words()) + "\r\n " + encoded(words());
            default -> encoded(words());
        };
    }

    /// Raw octets: UTF-8, or the message's own charset where that can't be taken for UTF-8.
    private String rawWords() {
        Words words = new Words(words(raw).text(), rawCharset);
        return isRawUtf8 ? new String(words.text().getBytes(UTF_8), ISO_8859_1) : words.raw();
    }

    /// Returns a mailbox in one of the forms that RFC 5322 §3.4 or habit allows.
    String mailbox(String address) {
        return switch (random.nextInt(10)) {
            case 0 -> address;
            case 1 -> "\"Doe, \\\"J\\\" (x)\" <" + address + ">";
            case 2 -> "Plain Name <" + address + ">";
            case 3 -> "<" + address + ">";
            case 4 -> rawWords() + " <" + address + ">";
            case 5 -> "\"" + encoded(words()).replace("\r\n", "") + "\" <" + address + ">";
            case 6 -> "\"" + rawWords() + "\" <" + address + ">";
            case 7 -> "Dr " + encoded(words()) + " <" + address + ">";
            case 8 -> encoded(words()) + " (a comment) <" + address + ">";
            default -> encoded(words()) + " <" + address + ">";
        };
    }

    /// RFC 2047: in one word or several, between characters or (as some do) within one.
    String encoded(Words words) {
        boolean base64 = random.nextBoolean();
        String charset =
                random.nextInt(6) == 0
                        ? words.charset().toUpperCase(java.util.Locale.ROOT)
                        : words.charset();
        List<byte[]> pieces = new ArrayList<>();
        if (words.charset().startsWith("iso-2022") || random.nextInt(3) == 0) {
            wholeCharacters(words, pieces);
        } else {
            byte[] all = words.octets();
            int length = 1 + random.nextInt(20);
            for (int at = 0; at < all.length; at += length) {
                pieces.add(Arrays.copyOfRange(all, at, Math.min(all.length, at + length)));
            }
        }
        StringBuilder text = new StringBuilder();
        for (byte[] piece : pieces) {
            text.append(text.isEmpty() ? "" : random.nextBoolean() ? "\r\n " : " ");
            text.append("=?").append(charset).append(base64 ? "?B?" : "?Q?");
            text.append(base64 ? Base64.getEncoder().encodeToString(piece) : quoted(piece));
            text.append("?=");
        }
        return text.toString();
    }

    private void wholeCharacters(Words words, List<byte[]> pieces) {
        int[] all = words.text().codePoints().toArray();
        int length = 1 + random.nextInt(8);
        for (int at = 0; at < all.length; at += length) {
            String some = new String(all, at, Math.min(length, all.length - at));
            pieces.add(some.getBytes(Charset.forName(words.charset())));
        }
    }

    private static String quoted(byte[] octets) {
        StringBuilder text = new StringBuilder();
        for (byte octet : octets) {
            boolean plain = Character.isLetterOrDigit(octet) && octet > 0;
            text.append(octet == ' ' ? "_" : plain ? "" + (char) octet : "=%02X".formatted(octet));
        }
        return text.toString();
    }

    /// Returns a parameter in one of the forms of RFC 2045 §5.1 and RFC 2231, or of habit, with the
    /// semicolons between.
    String parameter(String name, String extension) {
        Words words = words();
        String text = words.text().replace(' ', '-') + extension;
        Words named = new Words(text, words.charset());
        String ascii = "report " + random.nextInt(100) + extension;
        return switch (random.nextInt(12)) {
            case 0 -> name + "=plain" + random.nextInt(100) + extension;
            case 1 -> name + "=\"" + ascii + "\"";
            case 2 -> name + "=\"with \\\"quotes\\\"" + extension + "\"";
            case 3 -> name + "*=" + named.charset() + "'de'" + percent(named.octets());
            case 4 -> name + "*=" + named.charset() + "''" + percent(named.octets());
            case 5 -> name + "*0=\"long na\";\r\n " + name + "*1=\"me" + extension + "\"";
            case 6 -> continued(name, named, false);
            case 7 -> continued(name, named, true);
            case 8 -> name + "=\"" + encoded(named).replace("\r\n", "") + "\"";
            case 9 -> name + "=\"" + new String(text.getBytes(UTF_8), ISO_8859_1) + "\"";
            case 10 ->
                    name
                            + "=\"fallback"
                            + extension
                            + "\"; "
                            + name
                            + "*=utf-8''"
                            + percent(text.getBytes(UTF_8));
            default -> name + "=\"" + ascii + "\" (a comment)";
        };
    }

    /// RFC 2231 §4.1: pieces, the first with a charset; in their order or not.
    private String continued(String name, Words words, boolean mixed) {
        byte[] octets = words.octets();
        int half = random.nextInt(octets.length);
        String first = percent(Arrays.copyOf(octets, half));
        String second = percent(Arrays.copyOfRange(octets, half, octets.length));
        String head = name + "*0*=" + words.charset() + "''" + first;
        String tail = name + "*1*=" + second;
        String end = mixed ? ";\r\n " + name + "*2=\".x\"" : "";
        return random.nextBoolean() ? head + ";\r\n " + tail + end : tail + ";\r\n " + head + end;
    }

    private static String percent(byte[] octets) {
        StringBuilder text = new StringBuilder();
        for (byte octet : octets) {
            boolean plain = octet > 0 && Character.isLetterOrDigit(octet);
            text.append(plain ? "" + (char) octet : "%%%02X".formatted(octet));
        }
        return text.toString();
    }

    static byte[] joined(byte[] one, byte[] other) {
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.writeBytes(one);
        both.writeBytes(other);
        return both.toByteArray();
    }
}
