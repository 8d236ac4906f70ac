package dev.postern.admin;

import dev.postern.mail.AddressList;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.HeaderSection;
import dev.postern.mail.Origin;
import dev.postern.mail.ReversePath;
import dev.postern.reception.Reception;
import dev.postern.reception.Rejection;
import dev.postern.smtp.Reply;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Takes a message by HTTP: `POST /messages` with a `message/rfc822` body.
final class SubmitApi {

    /// RFC 2046 §5.2.1 and, with addresses beyond ASCII, RFC 6532 §3.7.
    private static final Set<String> TYPES = Set.of("message/rfc822", "message/global");

    private static final String RETRY_AFTER_SECONDS = "30";

    private final Stages.Submission submission;
    private final long maxMessageBytes;
    private final int maxRecipients;

    SubmitApi(Stages.Submission submission, long maxMessageBytes, int maxRecipients) {
        this.submission = submission;
        this.maxMessageBytes = maxMessageBytes;
        this.maxRecipients = maxRecipients;
    }

    void submit(ServerRequest request, ServerResponse response) throws IOException {
        requireType(request);
        if (request.headers().contentLength().orElse(0) > maxMessageBytes) {
            throw tooLarge();
        }
        if (!request.content().hasEntity()) {
            throw Problem.badRequest("The body must be the message.");
        }
        InputStream sent = request.content().inputStream();
        InputStream body = new BufferedInputStream(new LimitedStream(sent, maxMessageBytes));
        try {
            answer(take(request, body), response);
        } catch (LimitedStream.Exceeded _) {
            throw tooLarge();
        } finally {
            HttpSocket.discard(sent);
        }
    }

    private Reception.Result take(ServerRequest request, InputStream body) throws IOException {
        QueryParameters query = QueryParameters.of(request);
        if (query.has("from") && query.has("to")) {
            Envelope envelope = envelope(sender(query), recipients(query.all("to")));
            return submission.submit(envelope, origin(request), body);
        }
        HeaderSection header = HeaderSection.read(body);
        if (!header.isWhole()) {
            throw Problem.badRequest(
                    "The header is too long to find the envelope in: give ?from=&to=.");
        }
        ReversePath sender = query.has("from") ? sender(query) : sender(header);
        List<String> to = query.has("to") ? query.all("to") : header.destinations();
        return submission.submit(
                envelope(sender, recipients(to)), origin(request), header.with(body));
    }

    private Envelope envelope(ReversePath sender, List<ForwardPath> recipients) {
        if (recipients.isEmpty()) {
            throw Problem.badRequest("No recipient: give ?to= or a To, Cc or Bcc field.");
        }
        if (recipients.size() > maxRecipients) {
            throw Problem.badRequest("More than " + maxRecipients + " recipients.");
        }
        return Envelope.of(sender, recipients);
    }

    private static ReversePath sender(QueryParameters query) {
        String text = query.first("from").orElse("").strip();
        return text.isEmpty() || text.equals("<>")
                ? ReversePath.NULL
                : new ReversePath(single("from", text));
    }

    private static ReversePath sender(HeaderSection header) {
        String from =
                header.sender()
                        .orElseThrow(() ->
                                Problem.badRequest("No sender: give ?from= or a From field."));
        return new ReversePath(single("From", from));
    }

    private static String single(String where, String value) {
        AddressList list = AddressList.parse(value);
        if (list.malformed() != null || list.addresses().isEmpty()) {
            throw Problem.badRequest(where + " holds no valid address.");
        }
        return list.addresses().getFirst();
    }

    private static List<ForwardPath> recipients(List<String> values) {
        Set<String> addresses = new LinkedHashSet<>();
        for (String value : values) {
            AddressList list = AddressList.parse(value);
            if (list.malformed() != null) {
                throw Problem.badRequest("This recipient is no address: " + list.malformed());
            }
            addresses.addAll(list.addresses());
        }
        return addresses.stream().map(ForwardPath::new).toList();
    }

    private static Origin origin(ServerRequest request) {
        String client =
                request.remotePeer().address() instanceof InetSocketAddress peer
                        ? peer.getAddress().getHostAddress()
                        : request.remotePeer().host();
        return new Origin(client, "", "HTTP", null);
    }

    private static void requireType(ServerRequest request) {
        String type =
                request.headers()
                        .contentType()
                        .map(media -> media.mediaType().text().toLowerCase(Locale.ROOT))
                        .orElse("");
        if (!TYPES.contains(type)) {
            throw new Problem(
                    Status.UNSUPPORTED_MEDIA_TYPE_415, "Send Content-Type: message/rfc822.");
        }
    }

    private void answer(Reception.Result result, ServerResponse response) {
        switch (result) {
            case Reception.Result.Queued queued -> Json.accepted(response, queued.id());
            case Reception.Result.Sent sent ->
                    Json.send(
                            response,
                            Status.OK_200,
                            json -> {
                                json.writeStringField("id", sent.id().toString());
                                json.writeStringField("egress", sent.egress());
                                json.writeStringField("reply", sent.words());
                            });
            case Reception.Result.Refused(_, Rejection reason) when reason == Rejection.SIZE ->
                    throw tooLarge();
            case Reception.Result.Refused(Reply reply, _) when reply.code().isPermanent() ->
                    throw new Problem(
                            Status.create(422, "Unprocessable Content"), reply.toString());
            case Reception.Result.Refused(Reply reply, _) -> {
                response.header(HeaderNames.RETRY_AFTER, RETRY_AFTER_SECONDS);
                throw new Problem(Status.SERVICE_UNAVAILABLE_503, reply.toString());
            }
        }
    }

    private Problem tooLarge() {
        return new Problem(
                Status.REQUEST_ENTITY_TOO_LARGE_413,
                "Messages may have " + maxMessageBytes + " bytes (smtp.max-message-size).");
    }

    /// A stream that breaks off when more comes than may.
    static final class LimitedStream extends FilterInputStream {

        private long leftBytes;

        /// More came than may.
        static final class Exceeded extends IOException {
            private static final long serialVersionUID = 1;
        }

        LimitedStream(InputStream in, long limitBytes) {
            super(in);
            this.leftBytes = limitBytes;
        }

        @Override
        public int read() throws IOException {
            int octet = super.read();
            if (octet >= 0) {
                count(1);
            }
            return octet;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = super.read(buffer, offset, length);
            if (read > 0) {
                count(read);
            }
            return read;
        }

        @Override
        public boolean markSupported() {
            return false;
        }

        private void count(int read) throws IOException {
            leftBytes -= read;
            if (leftBytes < 0) {
                throw new Exceeded();
            }
        }
    }
}
