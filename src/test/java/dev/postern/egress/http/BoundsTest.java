package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.egress.mime.MimeParser;
import dev.postern.egress.mime.ParsedMessage.NotCarried;
import dev.postern.egress.mime.ReadingBudget;
import dev.postern.mail.MessageContent;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.testing.Growth;
import dev.postern.testing.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Messages that have far too much of something: no egress that takes messages apart has them, the
/// others do, and neither costs more than the octets do.
class BoundsTest {

    private static final List<String> REBUILDING =
            List.of("sendgrid", "resend", "brevo", "postmark");
    private static final List<String> RAW = List.of("mailgun", "ses");

    private static final String HEAD = "From: a@example.org\r\nTo: b@example.net\r\n";
    private static final String BODY = "\r\nText.\r\n";
    private static final String MULTIPART = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    private static final int MEBI = 1024 * 1024;

    /// Messages of a kind, by how often the repeated piece is there.
    private record Kind(
            String limit, long smallest, long largest, LongFunction<MessageContent> made) {}

    private static final Map<String, Kind> KINDS =
            Map.of(
                    "many fields",
                    new Kind(
                            "header fields",
                            200_000,
                            2_000_000,
                            n -> MadeContent.of(HEAD, "a:b\r\n", n, BODY)),
                    "a long field",
                    new Kind(
                            "octets of header fields",
                            2 * MEBI,
                            30 * MEBI,
                            n -> MadeContent.of(HEAD + "X: ", "x", n, "\r\n" + BODY)),
                    "a field of many lines",
                    new Kind(
                            "octets of header fields",
                            MEBI,
                            10 * MEBI,
                            n -> MadeContent.of(HEAD + "X: x\r\n", " y\r\n", n, BODY)),
                    "many parts",
                    new Kind(
                            "parts",
                            10_000,
                            130_000,
                            n -> MadeContent.of(HEAD + MULTIPART, "--b\r\n\r\n", n, "--b--\r\n")),
                    "many addresses",
                    new Kind(
                            "addresses",
                            6_000,
                            100_000,
                            n ->
                                    MadeContent.of(
                                            "From: a@b.example\r\nTo: a@b", ",\r\n a@b", n, BODY)),
                    "many parameters",
                    new Kind(
                            "parameters in a field",
                            2_000,
                            100_000,
                            n -> MadeContent.of(HEAD + "Content-Type: a/b", ";\r\n a=b", n, BODY)));

    static Stream<Arguments> kindsOfAll() {
        return KINDS.keySet().stream()
                .flatMap(kind -> REBUILDING.stream().map(type -> Arguments.of(kind, type)));
    }

    @ParameterizedTest
    @MethodSource("kindsOfAll")
    void whoTakesMessagesApartIsNotSuitedForTooMuch(String name, String type) throws Exception {
        Kind kind = KINDS.get(name);
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            for (long times : List.of(kind.smallest(), kind.largest())) {
                Outcome.Unsuited unsuited =
                        assertInstanceOf(
                                Outcome.Unsuited.class, sent(egress, kind.made().apply(times)));
                assertEquals(Unsuitability.FORM, unsuited.unsuitability());
                assertTrue(
                        unsuited.reply()
                                .matches(
                                        type
                                                + " can't be given a message with more than \\d+ "
                                                + kind.limit()),
                        unsuited.reply());
            }
            assertEquals(List.of(), api.requests());
        }
    }

    static Stream<Arguments> kindsOfRaw() {
        return KINDS.keySet().stream()
                .flatMap(kind -> RAW.stream().map(type -> Arguments.of(kind, type)));
    }

    @ParameterizedTest
    @MethodSource("kindsOfRaw")
    void whoTakesTheOctetsAsTheyAreTakesThem(String name, String type) throws Exception {
        Kind kind = KINDS.get(name);
        try (FakeApi api =
                        FakeApi.start(_ -> OutboundMessages.acceptance(type)).forgettingBodies();
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            MessageContent content = kind.made().apply(kind.smallest());
            assertInstanceOf(Outcome.Accepted.class, sent(egress, content));
            assertTrue(api.requests().getFirst().length() >= content.sizeBytes());
        }
    }

    private static Outcome sent(Egress egress, MessageContent content) {
        return egress.send(OutboundMessages.of(content, "b@example.net"), CommitGate.OPEN)
                .outcomes()
                .firstEntry()
                .getValue();
    }

    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.OutboundMessages#TYPES")
    void multipartsInEachOtherEndOnASmallStack(String type) throws Exception {
        StringBuilder message = new StringBuilder(HEAD);
        for (int i = 0; i < 5_000; i++) {
            message.append("Content-Type: multipart/mixed; boundary=b" + i + "\r\n\r\n");
            message.append("--b" + i + "\r\n");
        }
        try (FakeApi api =
                        FakeApi.start(_ -> OutboundMessages.acceptance(type)).forgettingBodies();
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            AtomicInteger right = new AtomicInteger();
            Thread small =
                    new Thread(
                            null,
                            () -> {
                                Outcome outcome =
                                        sent(
                                                egress,
                                                OutboundMessages.content(
                                                        message.toString()
                                                                .getBytes(
                                                                        java.nio.charset
                                                                                .StandardCharsets
                                                                                .ISO_8859_1)));
                                boolean unsuited =
                                        outcome instanceof Outcome.Unsuited un
                                                && un.unsuitability() == Unsuitability.FORM;
                                right.set(RAW.contains(type) == !unsuited ? 1 : 0);
                            },
                            "small",
                            256 * 1024);
            small.start();
            small.join();
            assertEquals(1, right.get());
        }
    }

    /// What is within all limits, in any mixture, is read in a time that grows with its size.
    @Test
    void partsAreFoundInLinearTime() {
        Seeds.forEach(
                4,
                random -> {
                    int depth = 1 + random.nextInt(ReadingBudget.DEPTH_LIMIT - 1);
                    String line = "x".repeat(1 + random.nextInt(60)) + "\r\n--b0x\r\n--\r\n";
                    StringBuilder head = new StringBuilder(HEAD);
                    for (int i = 0; i < depth; i++) {
                        head.append("Content-Type: multipart/mixed; boundary=b" + i + "\r\n\r\n");
                        head.append("--b" + i + "\r\n");
                    }
                    Growth.assertLinear(
                            depth + " multiparts around " + line.length() + " octets",
                            MEBI / 16,
                            times -> () -> read(MadeContent.of(head + "\r\n", line, times, "")));
                });
    }

    private static void read(MessageContent content) {
        try (ContentCursor cursor = new ContentCursor(content, CommitGate.OPEN)) {
            assertEquals(1, MimeParser.read(cursor).text().size());
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    /// Many parts that are larger than what is kept of the content: nobody goes back over all of it
    /// for each.
    @Test
    void partsAreGoneThroughInTheirOrder() throws Exception {
        String part = "--b\r\n\r\n" + ("x".repeat(70) + "\r\n").repeat(600);
        MadeContent content = MadeContent.of(HEAD + MULTIPART, part, 200, "--b--\r\n");
        int[] opened = {0};
        MessageContent counted =
                new MessageContent() {
                    @Override
                    public long sizeBytes() {
                        return content.sizeBytes();
                    }

                    @Override
                    public dev.postern.mail.MessageContent.ContentTraits traits() {
                        return content.traits();
                    }

                    @Override
                    public java.io.InputStream open() {
                        opened[0]++;
                        return content.open();
                    }
                };
        try (FakeApi api =
                        FakeApi.start(_ -> OutboundMessages.acceptance("resend"))
                                .forgettingBodies();
                Egress egress = OutboundMessages.egress("resend", api.uri())) {
            assertInstanceOf(Outcome.Accepted.class, sent(egress, counted));
        }
        assertTrue(opened[0] < 10, "opened " + opened[0] + " times");
    }

    /// A large header section takes many times its octets while it is sent, so one goes at a time;
    /// what is small need not wait for it.
    @Test
    void largeHeaderSectionsGoOneAtATime() throws Exception {
        MessageContent large =
                MadeContent.of(HEAD, "X-A: " + "x".repeat(900) + "\r\n", 1_000, BODY);
        AtomicInteger under = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch smallCame = new CountDownLatch(1);
        try (FakeApi api =
                        FakeApi.start(
                                        request -> {
                                            if (request.length() < MEBI / 2) {
                                                smallCame.countDown();
                                                return OutboundMessages.acceptance("postmark");
                                            }
                                            most.accumulateAndGet(
                                                    under.incrementAndGet(), Math::max);
                                            await(smallCame);
                                            under.decrementAndGet();
                                            return OutboundMessages.acceptance("postmark");
                                        })
                                .forgettingBodies();
                Egress egress = OutboundMessages.egress("postmark", api.uri())) {
            List<Thread> senders = new ArrayList<>();
            AtomicInteger accepted = new AtomicInteger();
            for (int i = 0; i < 6; i++) {
                MessageContent content = i < 5 ? large : MadeContent.of(HEAD, BODY, 1, "");
                senders.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    if (sent(egress, content) instanceof Outcome.Accepted) {
                                        accepted.incrementAndGet();
                                    }
                                }));
            }
            for (Thread sender : senders) {
                sender.join();
            }
            assertEquals(6, accepted.get());
            assertEquals(1, most.get());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// Calls for those that are blind are made one after the other: all of them at once would be as
    /// many copies of the header section.
    @ParameterizedTest
    @FieldSource("dev.postern.egress.http.OutboundMessages#TYPES")
    void theNextCallIsMadeWhenItIsWanted(String type) throws Exception {
        String[] blind = new String[3000];
        for (int i = 0; i < blind.length; i++) {
            blind[i] = "b" + i + "@example.net";
        }
        MessageContent content = MadeContent.of("From: a@example.org\r\n", BODY, 1, "");
        AtomicInteger made = new AtomicInteger();
        try (ContentCursor cursor = new ContentCursor(content, CommitGate.OPEN)) {
            OutboundMessages.api(type)
                    .plan(
                            OutboundMessages.of(content, blind),
                            cursor,
                            _ -> made.incrementAndGet() < 2);
        }
        assertEquals(2, made.get());
    }

    @Test
    void whatIsNotCarriedIsToldInFewWords() {
        NotCarried losses = new NotCarried();
        losses.add("x".repeat(10_000));
        for (int i = 0; i < 10_000; i++) {
            losses.add("second X-" + i % 5_000);
        }
        List<String> told = losses.all();
        assertEquals(101, told.size());
        assertEquals("and more", told.getLast());
        assertEquals(200, told.getFirst().length());
        assertFalse(told.contains("second X-4999"));
    }
}
