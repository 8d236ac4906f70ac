package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/// Names in many scripts, written in every way that a header field has for them.
public final class WrittenNames {

    /// What each script is written in, the text first.
    private static final List<List<String>> SCRIPTS =
            List.of(
                    List.of("Zoë Müßig", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"),
                    List.of("Pat O’Brien", "utf-8", "windows-1252"),
                    List.of("Łukasz Żak", "utf-8", "iso-8859-2", "windows-1250"),
                    List.of("Çağrı Şen", "utf-8", "iso-8859-9", "windows-1254"),
                    List.of("Ķēniņš", "utf-8", "iso-8859-13", "windows-1257"),
                    List.of("Віддiл — Shop", "utf-8", "windows-1251"),
                    List.of("Привет мир", "utf-8", "koi8-r", "iso-8859-5", "windows-1251"),
                    List.of("Ελένη", "utf-8", "iso-8859-7", "windows-1253"),
                    List.of("שלום", "utf-8", "iso-8859-8", "windows-1255"),
                    List.of("محمد", "utf-8", "iso-8859-6", "windows-1256"),
                    List.of("สมชาย", "utf-8", "tis-620", "windows-874"),
                    List.of("佐藤 太郎", "utf-8", "iso-2022-jp", "shift_jis", "euc-jp"),
                    List.of("ソフト 表", "utf-8", "iso-2022-jp", "shift_jis", "euc-jp"),
                    List.of("김철수", "utf-8", "euc-kr", "ks_c_5601-1987"),
                    List.of("王小明", "utf-8", "gb2312", "gbk", "gb18030"),
                    List.of("許功蓋", "utf-8", "big5"),
                    List.of("नमस्ते", "utf-8", "utf-16be"),
                    List.of("🎉 Party", "utf-8", "gb18030"));

    private WrittenNames() {}

    /// How names are written.
    ///
    /// @param text what is written
    /// @param charset the name of the charset that it is written in
    record Way(String text, String charset) {

        byte[] octets(String some) {
            return some.getBytes(Charset.forName(charset));
        }

        /// Returns encoded words (RFC 2047 §4) of a few characters each.
        String words(boolean base64) {
            List<String> words = new ArrayList<>();
            int[] all = text.codePoints().toArray();
            for (int at = 0; at < all.length; at += 4) {
                String some = new String(all, at, Math.min(4, all.length - at));
                words.add(word(octets(some), base64));
            }
            return String.join("\r\n ", words);
        }

        /// Returns encoded words of an odd number of octets, which cut characters in two.
        String wordsCutAnywhere() {
            List<String> words = new ArrayList<>();
            byte[] all = octets(text);
            for (int at = 0; at < all.length; at += 3) {
                byte[] some = java.util.Arrays.copyOfRange(all, at, Math.min(at + 3, all.length));
                words.add(word(some, true));
            }
            return String.join(" ", words);
        }

        private String word(byte[] octets, boolean base64) {
            if (base64) {
                return "=?%s?B?%s?=".formatted(charset, Base64.getEncoder().encodeToString(octets));
            }
            StringBuilder text = new StringBuilder();
            for (byte octet : octets) {
                boolean plain = octet >= 'a' && octet <= 'z';
                text.append(
                        octet == ' '
                                ? "_"
                                : plain ? String.valueOf((char) octet) : "=%02X".formatted(octet));
            }
            return "=?%s?Q?%s?=".formatted(charset, text);
        }

        /// Returns a parameter in every form of RFC 2231 §3 and §4, and in those of RFC 2047 that
        /// it forbids and that mailers write.
        List<String> parameters(String name) {
            String all = percent(octets(text));
            int half = all.length() / 6 * 3;
            return List.of(
                    name + "*=" + charset + "''" + all,
                    name + "*=" + charset + "'en-GB'" + all,
                    name + "=plain; " + name + "*=" + charset + "''" + all,
                    "%s*0*=%s'';\r\n %s*1*=%s".formatted(name, charset, name, all),
                    "%s*1*=%s; %s*0*=%s'x'%s"
                            .formatted(
                                    name,
                                    all.substring(half),
                                    name,
                                    charset,
                                    all.substring(0, half)),
                    "%s*0*=%s''%s; %s*1=\"\"; %s*2*=%s"
                            .formatted(
                                    name,
                                    charset,
                                    all.substring(0, half),
                                    name,
                                    name,
                                    all.substring(half)),
                    name + "=\"" + words(true) + "\"",
                    name + "=\"" + words(false) + "\"",
                    name + "=" + words(true),
                    "%s*0=\"%s\""
                            .formatted(
                                    name,
                                    words(true)
                                            .replace("\r\n", "")
                                            .replaceFirst(" ", "\"; " + name + "*1=\" ")));
        }
    }

    private static String percent(byte[] octets) {
        StringBuilder text = new StringBuilder();
        for (byte octet : octets) {
            text.append("%%%02X".formatted(octet));
        }
        return text.toString();
    }

    /// Returns all of them.
    static Stream<Way> all() {
        return SCRIPTS.stream()
                .flatMap(row ->
                        row.stream().skip(1).map(charset -> new Way(row.getFirst(), charset)));
    }

    /// Returns text as octets in UTF-8, an octet a character.
    public static String utf8(String text) {
        return new String(text.getBytes(java.nio.charset.StandardCharsets.UTF_8), ISO_8859_1);
    }
}
