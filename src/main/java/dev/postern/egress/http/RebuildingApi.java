package dev.postern.egress.http;

import static dev.postern.outcome.Outcome.Unsuitability.FORM;
import static dev.postern.outcome.Outcome.Unsuitability.SIZE;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postern.config.EgressConfig;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.egress.mime.Fields;
import dev.postern.egress.mime.HeaderText;
import dev.postern.egress.mime.Mailbox;
import dev.postern.egress.mime.MimeLeaf;
import dev.postern.egress.mime.MimeParser;
import dev.postern.egress.mime.ParsedMessage;
import dev.postern.egress.mime.ParsedMessage.NotCarried;
import dev.postern.mail.ALabels;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.outcome.Outcome.Unsuited;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What the APIs have in common that have no raw form: the message is read once, and for each
/// [Recipients.Split] of recipients a call is made of its pieces.
abstract class RebuildingApi extends Api {

    /// What stands for an empty subject, which none of these APIs takes.
    static final String NO_SUBJECT = "(no subject)";

    /// What stands for a body that is empty, which none of these APIs takes.
    static final String BLANK = " ";

    /// What says no more of a part than that it is a file (RFC 2183 §2).
    private static final Set<String> ATTACHED = Set.of("", ParsedMessage.Attachment.ATTACHED);

    /// A parameter's value that needs no quotes, and one that can be told in ASCII.
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`{|}~-]++");

    private static final Pattern PARAMETER = Pattern.compile("[ -~]++");

    /// What each API is told otherwise, or makes itself.
    private static final Set<String> TOLD =
            Set.of("from", "to", "cc", "bcc", "reply-to", "subject", "mime-version");

    /// What belongs to the way that the message came.
    private static final Set<String> TRACE =
            Set.of(
                    "received",
                    "received-spf",
                    "return-path",
                    "delivered-to",
                    "x-original-to",
                    "envelope-to",
                    "authentication-results");

    private static final Set<String> SIGNATURES = Set.of("dkim-signature", "domainkey-signature");

    /// What is compared with other messages' ids, octet by octet.
    private static final Set<String> IDS = Set.of("message-id", "in-reply-to", "references");

    /// What has addresses or links, beside `Resent-*` and `List-*`.
    private static final Set<String> STRUCTURED =
            Set.of(
                    "sender",
                    "disposition-notification-to",
                    "return-receipt-to",
                    "errors-to",
                    "mail-followup-to",
                    "mail-reply-to");

    /// By this we know the field that we put first ourselves (RFC 5321 §4.4).
    private static final String OURS = " (Postern) with ";

    private final EgressConfig.Api config;
    private final int recipientsLimit;
    private final long sizeLimitBytes;

    /// @param recipientsLimit most addresses in one call
    /// @param sizeLimitBytes most octets of a call's body
    RebuildingApi(
            EgressConfig.Api config,
            Http http,
            boolean takesAnyLocalPart,
            int recipientsLimit,
            long sizeLimitBytes) {
        super(http, takesAnyLocalPart);
        this.config = config;
        this.recipientsLimit = recipientsLimit;
        this.sizeLimitBytes = sizeLimitBytes;
    }

    /// Returns the key, to be used and forgotten.
    String key() {
        return config.apiKey().reveal();
    }

    @Override
    Optional<Unsuited> plan(OutboundMessage outbound, ContentCursor content, Predicate<Post> sender)
            throws IOException {
        ParsedMessage message = MimeParser.read(content);
        Mailbox from = author(outbound, message);
        if (from == null) {
            return unsuited("wants a From, and there is none", FORM);
        }
        for (ParsedMessage.Attachment attachment : message.attachments()) {
            if (attachment.leaf().isEmpty()) {
                return unsuited("takes no empty attachment: " + attachment.label(), FORM);
            }
        }
        if (!takesAnyLocalPart && !ALabels.isAscii(from.address())) {
            return unsuited("takes no From like that", FORM);
        }
        List<ForwardPath> recipients = outbound.envelope().recipients();
        for (List<Recipients.Split> splits :
                grouped(Recipients.Split.of(recipients, message, recipientsLimit))) {
            Post post = post(new Draft(outbound, message, from, splits));
            if (post.call().body().lengthBytes() > sizeLimitBytes) {
                return unsuited("takes at most " + sizeLimitBytes + " octets", SIZE);
            }
            if (!sender.test(post)) {
                break;
            }
        }
        return Optional.empty();
    }

    private Optional<Unsuited> unsuited(String why, Unsuitability unsuitability) {
        return Optional.of(new Unsuited(config.type() + " " + why, unsuitability));
    }

    private static @Nullable Mailbox author(OutboundMessage outbound, ParsedMessage message) {
        String sender = outbound.envelope().sender().address();
        Mailbox author = message.from();
        boolean named = author != null && author.hasDomain();
        String address = author != null && named ? author.address() : sender;
        String name = author == null ? "" : author.name();
        return address.isEmpty() ? null : new Mailbox(address, name);
    }

    /// Returns which splits go in one call; by default each in its own.
    List<List<Recipients.Split>> grouped(List<Recipients.Split> splits) {
        return splits.stream().map(List::of).toList();
    }

    /// Returns the call that a draft describes.
    abstract Post post(Draft draft) throws IOException;

    /// A header field that goes along.
    ///
    /// @param name as it is spelled
    /// @param value in ASCII
    record CustomField(String name, String value) {}

    /// One call while it is made.
    ///
    /// @param splits where its recipients stand
    /// @param streamed hands out the tokens of its body
    /// @param notCarried what this API can't carry
    record Draft(
            OutboundMessage outbound,
            ParsedMessage message,
            Mailbox from,
            List<Recipients.Split> splits,
            JsonBody streamed,
            NotCarried notCarried) {

        Draft(
                OutboundMessage outbound,
                ParsedMessage message,
                Mailbox from,
                List<Recipients.Split> splits) {
            this(outbound, message, from, splits, new JsonBody(), new NotCarried());
            notCarried.addAll(splits.getFirst().notCarried());
            notCarried.addAll(message.notCarried());
            if (message.from() == null) {
                lose("no From (the sender stands for it)");
            }
        }

        /// Returns where the recipients stand, of a call that has but one split.
        Recipients.Split split() {
            return splits.getFirst();
        }

        /// Notes what this API can't carry.
        void lose(String what) {
            notCarried.add(what);
        }

        /// Returns the subject, or what stands for none.
        String subject() {
            if (message.subject().isEmpty()) {
                lose("empty Subject");
                return NO_SUBJECT;
            }
            return message.subject();
        }

        /// Returns a token for the text; null without one beside an HTML. One that is empty is a
        /// blank, since these APIs want a body.
        @Nullable String text() throws IOException {
            List<MimeLeaf> text = message.text();
            if (text.isEmpty()) {
                return message.html().isEmpty() ? BLANK : null;
            }
            if (hasOctets(text)) {
                return streamed.text(text);
            }
            lose("an empty text/plain (a blank stands for it)");
            return BLANK;
        }

        /// Returns a token for the HTML; null without one.
        @Nullable String html() throws IOException {
            List<ParsedMessage.Shown> html = message.html();
            if (html.isEmpty()) {
                return null;
            }
            List<MimeLeaf> leaves = html.stream().map(ParsedMessage.Shown::leaf).toList();
            if (hasOctets(leaves)) {
                return streamed.html(html);
            }
            lose("an empty text/html (a blank stands for it)");
            return BLANK;
        }

        private static boolean hasOctets(List<MimeLeaf> leaves) throws IOException {
            for (MimeLeaf leaf : leaves) {
                if (!leaf.isEmpty()) {
                    return true;
                }
            }
            return false;
        }

        /// Returns the header fields that go along as they are: all but those that the API makes
        /// itself of what it is told, those that belong to the way that the message came, and the
        /// signatures over what is no more.
        ///
        /// @param reserved says of a name in small letters whether this API does otherwise what
        ///   such a field says
        List<CustomField> custom(Predicate<String> reserved) {
            List<CustomField> custom = new ArrayList<>();
            Set<String> signatures = new LinkedHashSet<>();
            int subject = 0;
            for (Fields.Field field : message.fields().all()) {
                String name = field.name().toLowerCase(Locale.ROOT);
                boolean ours =
                        name.equals("received")
                                && field.equals(message.fields().all().getFirst())
                                && HeaderText.decode(field.value()).contains(OURS);
                // Those of the content are told of where it is read.
                boolean told = TOLD.contains(name) || name.startsWith("content-");
                if (name.equals("subject") && subject++ > 0) {
                    lose("second Subject");
                }
                if (ours || told || reserved.test(name)) {
                    continue;
                }
                if (SIGNATURES.contains(name) || name.startsWith("arc-")) {
                    signatures.add(field.name());
                } else if (TRACE.contains(name)) {
                    lose(field.name());
                } else if (field.value().isEmpty()) {
                    lose("empty " + field.name());
                } else {
                    inAscii(name, field.value())
                            .ifPresentOrElse(
                                    value -> custom.add(new CustomField(field.name(), value)),
                                    () -> lose(field.name()));
                    // What is in ASCII stays as it is, and is for others to read.
                    if (!HeaderText.isAscii(field.value()) && HeaderText.isGuessed(field.value())) {
                        lose("charset of " + field.name());
                    }
                }
            }
            if (!signatures.isEmpty()) {
                lose("signatures, void by rebuilding: " + String.join(", ", signatures));
            }
            return custom;
        }

        /// Returns a value in ASCII; empty where an address or an id in it can't be said so.
        private static Optional<String> inAscii(String name, Fields.Raw raw) {
            if (IDS.contains(name)) {
                return Optional.of(HeaderText.ascii(raw)).filter(_ -> HeaderText.isAscii(raw));
            }
            return STRUCTURED.contains(name)
                            || name.startsWith("resent-")
                            || name.startsWith("list-")
                    ? HeaderText.structured(raw)
                    : Optional.of(HeaderText.ascii(raw));
        }

        /// Returns the same fields for an API that takes each name once: the first of each.
        Map<String, String> customOnce(Predicate<String> reserved) {
            Map<String, String> first = new LinkedHashMap<>();
            Set<String> names = new HashSet<>();
            for (CustomField field : custom(reserved)) {
                if (names.add(field.name().toLowerCase(Locale.ROOT))) {
                    first.put(field.name(), field.value());
                } else {
                    lose("second " + field.name());
                }
            }
            return first;
        }

        /// Returns the attachments; the calendar alternative becomes one, and an AMP alternative is
        /// lost.
        List<ParsedMessage.Attachment> attachments() {
            List<ParsedMessage.Attachment> all = new ArrayList<>(message.attachments());
            ParsedMessage.Attachment calendar = message.calendar();
            if (calendar != null) {
                all.add(calendar);
                lose("text/calendar as an alternative");
            }
            if (message.amp() != null) {
                lose("text/x-amp-html");
            }
            return all;
        }

        /// Returns the name under which an attachment goes, and notes what of its own is lost.
        String named(ParsedMessage.Attachment attachment, String name) {
            if (!attachment.isNamed() && !attachment.equals(message.calendar())) {
                lose(attachment.type() + " without a name");
            } else if (!name.equals(attachment.name())) {
                lose("name of " + attachment.name());
            }
            return name;
        }

        /// Returns the type of an attachment with its parameters, for an API that takes them; one
        /// that can't be said in ASCII is lost (RFC 2045 §5.1).
        String typeWithParameters(ParsedMessage.Attachment attachment) {
            StringBuilder type = new StringBuilder(attachment.type());
            new TreeMap<>(attachment.parameters())
                    .forEach((name, value) -> {
                        if (PARAMETER.matcher(value).matches()) {
                            String quoted = value.replace("\\", "\\\\").replace("\"", "\\\"");
                            boolean plain = TOKEN.matcher(value).matches();
                            type.append("; ").append(name).append('=');
                            type.append(plain ? value : "\"" + quoted + "\"");
                        } else {
                            loseParameter(attachment, name, value);
                        }
                    });
            return type.toString();
        }

        /// Notes that the parameters of an attachment's type are lost, but for a charset that needs
        /// not be said (RFC 2046 §4.1.2).
        void loseParameters(ParsedMessage.Attachment attachment) {
            boolean isText = attachment.type().startsWith("text/");
            new TreeMap<>(attachment.parameters())
                    .forEach((name, value) -> {
                        if (!isText
                                || !name.equals("charset")
                                || !value.equalsIgnoreCase("us-ascii")) {
                            loseParameter(attachment, name, value);
                        }
                    });
        }

        void loseParameter(ParsedMessage.Attachment attachment, String name, String value) {
            lose(name + "=" + value + " of " + attachment.label());
        }

        /// Notes that an attachment goes under another type than its own, or none.
        void loseType(ParsedMessage.Attachment attachment) {
            String whose = attachment.isNamed() ? " of " + attachment.name() : "";
            lose("type " + attachment.type() + whose);
        }

        /// Notes a disposition that is neither of the two that APIs know.
        void loseUnknown(ParsedMessage.Attachment attachment) {
            String disposition = attachment.disposition();
            if (!attachment.isInline() && !ATTACHED.contains(disposition)) {
                lose("disposition " + disposition + " of " + attachment.label());
            }
        }

        /// Returns the Content-ID of an attachment for an API where just those that have one are
        /// inline, and notes what of its own is lost; null for one that is not to be inline.
        @Nullable String idOfInline(ParsedMessage.Attachment attachment) {
            if (attachment.isEmbedded()) {
                if (!attachment.isInline()) {
                    lose("disposition " + attachment.disposition() + " of " + attachment.label());
                }
                return attachment.contentId();
            }
            loseInline(attachment);
            return null;
        }

        /// Notes what is lost of an attachment that goes as a file and nothing else.
        void loseInline(ParsedMessage.Attachment attachment) {
            if (attachment.isInline()) {
                lose("inline " + attachment.label() + " as inline");
            } else {
                loseUnknown(attachment);
            }
            if (attachment.contentId() != null) {
                lose("Content-ID of " + attachment.label());
            }
        }

        /// Returns the call.
        Post post(String path, Map<String, String> headers, ObjectNode json) throws IOException {
            Map<String, String> all = new LinkedHashMap<>(headers);
            all.put("Content-Type", HttpCall.JSON);
            all.put("Accept", HttpCall.JSON);
            List<ForwardPath> concerned =
                    splits.stream().flatMap(split -> split.concerned().stream()).toList();
            HttpCall call = new HttpCall("POST", path, all, streamed.of(json));
            return new Post(concerned, call, notCarried.all());
        }
    }

    /// Puts mailboxes as `{"email", "name"}` into an array, when there are any.
    static void putObjects(ObjectNode json, String member, List<Mailbox> mailboxes) {
        mailboxes.forEach(mailbox -> putObject(json.withArray(member).addObject(), mailbox));
    }

    /// Puts a mailbox as `email` and `name`.
    static void putObject(ObjectNode json, Mailbox mailbox) {
        json.put("email", mailbox.address());
        if (!mailbox.name().isEmpty()) {
            json.put("name", mailbox.name());
        }
    }
}
