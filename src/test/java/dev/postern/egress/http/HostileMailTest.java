package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.testing.Hostile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// Mail that is made to hurt is sent to whom the envelope names, or is not suited for its form.
class HostileMailTest {

    private static final String TO = "someone@example.net";

    /// What our reading of JSON has in one text.
    private static final int READ_AT_MOST_OCTETS = 20_000_000;

    private static final Set<String> RAW = Set.of("mailgun", "ses");

    private static final Set<Hostile.Kind> TOO_MUCH =
            Set.of(
                    Hostile.Kind.FIELDS,
                    Hostile.Kind.FIELD,
                    Hostile.Kind.PARTS,
                    Hostile.Kind.NESTING);

    private record Made(Hostile hostile, long sizeBytes) implements MessageContent {

        static Made of(Hostile hostile) throws IOException {
            try (InputStream in = hostile.open()) {
                return new Made(hostile, in.transferTo(OutputStream.nullOutputStream()));
            }
        }

        @Override
        public ContentTraits traits() {
            return new ContentTraits(false, false, 998);
        }

        @Override
        public InputStream open() {
            return hostile.open();
        }
    }

    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.OutboundMessages#TYPES")
    void everyKindIsSentOrNotSuited(String type) throws Exception {
        for (Hostile hostile : Hostile.all(2)) {
            try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                    Egress egress = OutboundMessages.egress(type, api.uri())) {
                Outcome outcome = sent(egress, hostile);
                boolean accepted = outcome instanceof Outcome.Accepted;
                if (!accepted) {
                    Outcome.Unsuited unsuited =
                            assertInstanceOf(Outcome.Unsuited.class, outcome, hostile.toString());
                    assertEquals(
                            Unsuitability.FORM,
                            unsuited.unsuitability(),
                            hostile + ": " + unsuited);
                }
                for (FakeApi.Request request : api.requests()) {
                    if (request.length() > READ_AT_MOST_OCTETS) {
                        continue;
                    }
                    assertEquals(List.of(TO), Mailed.by(type, request), hostile.toString());
                }
                assertEquals(accepted ? 1 : 0, api.requests().size(), hostile.toString());
            }
        }
    }

    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.OutboundMessages#TYPES")
    void whatIsFarTooMuchIsForThoseThatTakeTheOctetsAsTheyAre(String type) throws Exception {
        for (Hostile.Kind kind : TOO_MUCH) {
            try (FakeApi api =
                            FakeApi.start(_ -> OutboundMessages.acceptance(type))
                                    .forgettingBodies();
                    Egress egress = OutboundMessages.egress(type, api.uri())) {
                Outcome outcome = sent(egress, kind.of(7, kind.size()));
                assertTrue(
                        RAW.contains(type)
                                ? outcome instanceof Outcome.Accepted
                                : outcome instanceof Outcome.Unsuited,
                        kind + ": " + outcome);
            }
        }
    }

    private static Outcome sent(Egress egress, Hostile hostile) throws IOException {
        return egress.send(OutboundMessages.of(Made.of(hostile), TO), CommitGate.OPEN)
                .outcomes()
                .firstEntry()
                .getValue();
    }
}
