package dev.postern.dkim;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.postern.config.DkimConfig;
import dev.postern.mail.ALabels;
import dev.postern.mail.AddressList;
import dev.postern.mail.HeaderSection;
import dev.postern.mail.MessageContent;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Puts DKIM signatures in front of messages (RFC 6376): relaxed/relaxed, `rsa-sha256` or
/// `ed25519-sha256` (RFC 8463), without a length of the body.
///
/// **Contract.** A message is signed by every key of the domain in its From field; where there is
/// none, by those of the nearest domain above it. It is not signed when it has no From field or
/// more than one, or by a key whose signature (the same `d` and `s`) is there; nor when no
/// signature could hold, because a line of its header section is no field, or the section is longer
/// than [HeaderSection#LIMIT_OCTETS]. Thread-safe.
///
/// **Which fields.** Those that rspamd signs by default (its documentation, "Default
/// sign_headers"): what readers see is named once more than it is there, so that nobody adds
/// another one.
///
/// **Limits.** The body is read once, in chunks; of fields with one name [#INSTANCES_MOST] are
/// signed, the last ones.
public final class DkimSigner {

    /// Fields with one name that are signed. A message that has more is none that people read.
    static final int INSTANCES_MOST = 50;

    /// Named once more than they are there, even where they are not.
    private static final List<String> SEALED = List.of("from", "reply-to", "subject", "to", "cc");

    /// Named once more than they are there, where they are.
    private static final List<String> SEALED_WHERE_PRESENT =
            List.of(
                    "sender",
                    "date",
                    "message-id",
                    "mime-version",
                    "content-type",
                    "content-transfer-encoding",
                    "in-reply-to",
                    "references",
                    "openpgp",
                    "autocrypt");

    /// Named as often as they are there: others may add theirs.
    private static final List<String> OPEN =
            List.of(
                    "resent-to",
                    "resent-cc",
                    "resent-from",
                    "resent-sender",
                    "resent-message-id",
                    "list-id",
                    "list-help",
                    "list-owner",
                    "list-unsubscribe",
                    "list-unsubscribe-post",
                    "list-subscribe",
                    "list-post");

    private static final int CHUNK_BYTES = 16 * 1024;
    private static final int LINE_CHARACTERS = 76;
    private static final String FOLD = "\r\n\t";
    private static final String FIELD = "DKIM-Signature";

    private final List<DkimConfig> keys;
    private final InstantSource clock;

    /// @param keys what signs, in this order
    /// @param clock says when a signature was made
    public DkimSigner(List<DkimConfig> keys, InstantSource clock) {
        this.keys = List.copyOf(keys);
        this.clock = clock;
    }

    /// Returns whether there is any key.
    public boolean hasKeys() {
        return !keys.isEmpty();
    }

    /// Returns a message with its signatures in front; the message itself where nothing signs it.
    ///
    /// @param content as it leaves, with CRLF line ends
    /// @param replaced the fields, in lower case, that the next hop is known to replace
    /// @param unsigned told why a message that a key is there for can't be signed
    /// @throws IOException when the content can't be read
    public MessageContent signed(
            MessageContent content, Set<String> replaced, Consumer<String> unsigned)
            throws IOException {
        try (InputStream in = new BufferedInputStream(content.open(), CHUNK_BYTES)) {
            HeaderSection section = HeaderSection.read(in);
            List<DkimConfig> its = keysOf(section);
            String trouble = trouble(section);
            if (!its.isEmpty() && trouble != null) {
                unsigned.accept(trouble);
            }
            its = its.stream().filter(key -> !hasSigned(key, section)).toList();
            return its.isEmpty() || trouble != null
                    ? content
                    : new SignedContent(signatures(its, section, in, replaced), content);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key that was read can't sign", e);
        }
    }

    private byte[] signatures(
            List<DkimConfig> its, HeaderSection section, InputStream body, Set<String> replaced)
            throws IOException, GeneralSecurityException {
        byte[] bodyHash = new RelaxedBody().hash(body);
        Fields fields = new Fields(section, replaced);
        StringBuilder signatures = new StringBuilder();
        for (DkimConfig key : its) {
            signatures.append(field(key, fields, bodyHash));
        }
        return signatures.toString().getBytes(US_ASCII);
    }

    private static @Nullable String trouble(HeaderSection section) {
        int authors = section.rawValues("from").size();
        if (authors != 1) {
            return "it has " + authors + " From fields";
        }
        if (!section.isWellFormed()) {
            return "a line of its header section is no field";
        }
        return section.isWhole()
                ? null
                : "its header section has over " + HeaderSection.LIMIT_OCTETS + " octets";
    }

    /// Returns the keys of the domain in the first From field, or of the nearest one above it.
    private List<DkimConfig> keysOf(HeaderSection section) {
        String domain = domain(section).orElse("");
        while (!domain.isEmpty()) {
            String each = domain;
            List<DkimConfig> its = keys.stream().filter(it -> it.domain().equals(each)).toList();
            if (!its.isEmpty()) {
                return its;
            }
            int dot = domain.indexOf('.');
            domain = dot < 0 ? "" : domain.substring(dot + 1);
        }
        return List.of();
    }

    private static Optional<String> domain(HeaderSection section) {
        return section.first("from")
                .flatMap(value -> AddressList.parse(value).addresses().stream().findFirst())
                .filter(address -> address.indexOf('@') >= 0)
                .map(address -> address.substring(address.lastIndexOf('@') + 1))
                .flatMap(ALabels::domain)
                .map(domain -> domain.toLowerCase(Locale.ROOT));
    }

    private static boolean hasSigned(DkimConfig key, HeaderSection section) {
        return section.rawValues(FIELD.toLowerCase(Locale.ROOT)).stream()
                .map(DkimRecord::tags)
                .anyMatch(tags ->
                        key.domain().equalsIgnoreCase(tags.get("d"))
                                && key.selector().equalsIgnoreCase(tags.get("s")));
    }

    private String field(DkimConfig key, Fields fields, byte[] bodyHash)
            throws GeneralSecurityException {
        PrivateKey secret = key.key();
        boolean rsa = secret.getAlgorithm().equals("RSA");
        Base64.Encoder base64 = Base64.getEncoder();
        String unsigned =
                String.join(
                        FOLD,
                        " v=1; a="
                                + (rsa ? "rsa-sha256" : "ed25519-sha256")
                                + "; c=relaxed/relaxed;",
                        "d=" + key.domain() + ";",
                        "s=" + key.selector() + "; t=" + clock.instant().getEpochSecond() + ";",
                        "h=" + fields.names() + ";",
                        "bh=" + base64.encodeToString(bodyHash) + ";",
                        "b=");
        byte[] data = (fields.data() + relaxed(FIELD, unsigned)).getBytes(ISO_8859_1);
        Signature signature = Signature.getInstance(rsa ? "SHA256withRSA" : "Ed25519");
        signature.initSign(secret);
        // Ed25519 signs the hash, as if that were the message (RFC 8463 §3).
        signature.update(rsa ? data : sha256().digest(data));
        String folded =
                Base64.getMimeEncoder(LINE_CHARACTERS, FOLD.getBytes(US_ASCII))
                        .encodeToString(signature.sign());
        return FIELD + ":" + unsigned + folded + "\r\n";
    }

    private static MessageDigest sha256() throws GeneralSecurityException {
        return MessageDigest.getInstance("SHA-256");
    }

    /// Returns a field in relaxed form, without line end (RFC 6376 §3.4.2).
    ///
    /// @param value folded as it is, an octet a character
    private static String relaxed(String name, String value) {
        StringBuilder text = new StringBuilder(name.toLowerCase(Locale.ROOT)).append(':');
        int start = text.length();
        boolean blank = false;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == ' ' || c == '\t') {
                blank = true;
            } else if (c != '\r' && c != '\n') {
                text.append(blank && text.length() > start ? " " : "").append(c);
                blank = false;
            }
        }
        return text.toString();
    }

    /// The fields that a signature covers, in relaxed form.
    private static final class Fields {

        private final HeaderSection section;
        private final List<String> names = new ArrayList<>();
        private final StringBuilder data = new StringBuilder();

        Fields(HeaderSection section, Set<String> replaced) {
            this.section = section;
            SEALED.forEach(name -> add(name, 0));
            SEALED_WHERE_PRESENT.stream()
                    .filter(name -> !replaced.contains(name))
                    .forEach(name -> add(name, 1));
            OPEN.forEach(name -> add(name, INSTANCES_MOST));
        }

        /// Adds the fields of one name, the last one first (RFC 6376 §5.4.2).
        ///
        /// @param sealedFrom from how many on the name is given once more
        private void add(String name, int sealedFrom) {
            List<String> values = section.rawValues(name).reversed();
            for (String value : values.subList(0, Math.min(values.size(), INSTANCES_MOST))) {
                names.add(name);
                data.append(relaxed(name, value)).append("\r\n");
            }
            if (values.size() >= sealedFrom && values.size() < INSTANCES_MOST) {
                names.add(name);
            }
        }

        /// Returns them as they are hashed, an octet a character.
        String data() {
            return data.toString();
        }

        /// Returns their names as `h` has them.
        String names() {
            StringBuilder text = new StringBuilder();
            int room = LINE_CHARACTERS;
            for (String name : names) {
                boolean first = text.isEmpty();
                text.append(first ? "" : ":");
                if (!first && room < name.length() + 1) {
                    text.append(FOLD);
                    room = LINE_CHARACTERS;
                }
                text.append(name);
                room -= name.length() + 1;
            }
            return text.toString();
        }
    }

    /// The hash of a body in relaxed form: no blanks at the end of a line, one for many within it,
    /// no empty lines at the end (RFC 6376 §3.4.4).
    private static final class RelaxedBody {

        private final MessageDigest digest;
        private final byte[] out = new byte[CHUNK_BYTES];
        private int filled;
        private boolean blank;
        private boolean begun;

        /// Line ends that count once something follows.
        private long lineEnds;

        RelaxedBody() throws GeneralSecurityException {
            digest = sha256();
        }

        byte[] hash(InputStream body) throws IOException {
            byte[] chunk = new byte[CHUNK_BYTES];
            for (int count = body.read(chunk); count >= 0; count = body.read(chunk)) {
                for (int i = 0; i < count; i++) {
                    take(chunk[i]);
                }
            }
            if (begun) {
                give('\r');
                give('\n');
            }
            digest.update(out, 0, filled);
            return digest.digest();
        }

        private void take(byte octet) {
            switch (octet) {
                case ' ', '\t' -> blank = true;
                case '\n' -> {
                    blank = false;
                    lineEnds++;
                }
                case '\r' -> {
                    // No CR stands without its LF in what leaves.
                }
                default -> {
                    for (; lineEnds > 0; lineEnds--) {
                        give('\r');
                        give('\n');
                    }
                    if (blank) {
                        give(' ');
                        blank = false;
                    }
                    begun = true;
                    give(octet);
                }
            }
        }

        private void give(int octet) {
            if (filled == out.length) {
                digest.update(out);
                filled = 0;
            }
            out[filled++] = (byte) octet;
        }
    }

    /// A message behind its signatures.
    private static final class SignedContent implements MessageContent {

        private final byte[] signatures;
        private final MessageContent message;

        SignedContent(byte[] signatures, MessageContent message) {
            this.signatures = signatures;
            this.message = message;
        }

        @Override
        public long sizeBytes() {
            return signatures.length + message.sizeBytes();
        }

        /// Those of the message: a signature is short lines of ASCII.
        @Override
        public ContentTraits traits() {
            return message.traits();
        }

        @Override
        public InputStream open() throws IOException {
            return new SequenceInputStream(new ByteArrayInputStream(signatures), message.open());
        }
    }
}
