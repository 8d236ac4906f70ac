package dev.postern.egress.http;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.egress.CommitGate;
import dev.postern.egress.CommitGate.BrokenOff;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.egress.http.Api.Post;
import dev.postern.egress.http.HttpResult.Failed;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.egress.mime.ReadingBudget.MessageLimitException;
import dev.postern.mail.ALabels;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.outcome.OutcomeClass;
import dev.postern.outcome.RetryAfter;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A provider's API as a way out.
///
/// **Purpose.** Carries a message to one provider over HTTPS and says what became of each
/// recipient.
///
/// **Contract.** [#send] blocks, at most `concurrency` calls are under way at a time. Exactly the
/// envelope's recipients are mailed. Accepted is what the provider answered with exactly its status
/// and an id; every other 2xx may be one, and what is not in the provider's own form says nothing
/// of the message. Several calls are made where a provider takes fewer recipients at once than the
/// message has, and when a refusal may lie in one of several; the commit gate is passed once, with
/// the first. After trouble that concerns the egress as a whole no further call is made.
///
/// **Diagnostics.** All trouble on the other side is an outcome of the trouble table ([Trouble]).
/// Thrown is only content that can't be read (`UncheckedIOException`). Logs one line with advice
/// for each trouble that concerns the egress as a whole; never keys, never content.
///
/// See also: [Http] (how a call is made), [Api] (what is particular to a provider).
final class HttpEgress implements Egress {

    private static final Logger LOG = LoggerFactory.getLogger(HttpEgress.class);

    private static final int TOO_MANY = 429;

    /// The fields that name a wait; all but the first count with 429 only.
    private static final List<String> WAITS =
            List.of("retry-after", "x-ratelimit-reset", "ratelimit-reset", "x-sib-ratelimit-reset");

    private final EgressConfig config;
    private final Common common;
    private final Api api;
    private final AnswerText answerText;

    /// @param mask takes the key out of what is said
    HttpEgress(EgressConfig config, Api api, KeyMask mask) {
        this.config = config;
        this.common = config.common();
        this.api = api;
        this.answerText = new AnswerText(mask);
    }

    @Override
    public String name() {
        return config.name();
    }

    @Override
    public Delivery send(OutboundMessage outbound, CommitGate gate) {
        List<ForwardPath> recipients = outbound.envelope().recipients();
        gate.preparing();
        try (ContentCursor content = new ContentCursor(outbound.content(), gate)) {
            return Delivery.of(recipients, new Sending(outbound, content, gate).all());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// One message on its way.
    private final class Sending {

        private final OutboundMessage outbound;
        private final ContentCursor content;
        private final CommitGate gate;
        private final Map<ForwardPath, Outcome> outcomes = new HashMap<>();
        private final Deque<List<ForwardPath>> groups = new ArrayDeque<>();
        private boolean over;

        Sending(OutboundMessage outbound, ContentCursor content, CommitGate gate) {
            this.outbound = outbound;
            this.content = content;
            this.gate = gate.once();
        }

        Map<ForwardPath, Outcome> all() throws IOException {
            List<ForwardPath> recipients = outbound.envelope().recipients();
            List<ForwardPath> strange = recipients.stream().filter(r -> !mayBeGiven(r)).toList();
            settle(strange, unsuited(" takes no address like that"));
            if (strange.size() < recipients.size()) {
                groups.add(without(recipients, strange));
            }
            while (!groups.isEmpty()) {
                group(groups.removeFirst());
            }
            return outcomes;
        }

        /// Returns whether the domain has a form in ASCII, and the local part is one that the API
        /// takes.
        private boolean mayBeGiven(ForwardPath recipient) {
            return ALabels.address(recipient.address())
                    .filter(address -> api.takesAnyLocalPart || ALabels.isAscii(address))
                    .isPresent();
        }

        private void group(List<ForwardPath> recipients) throws IOException {
            gate.preparing();
            OutboundMessage part =
                    new OutboundMessage(
                            outbound.id(), outbound.envelope().to(recipients), outbound.content());
            try {
                api.plan(part, content, this::post)
                        .ifPresent(unsuited -> settleUnasked(recipients, unsuited));
            } catch (MessageLimitException e) {
                String why = " can't be given a message with " + e.getMessage();
                settleUnasked(recipients, unsuited(why));
            } catch (BrokenOff e) {
                settleUnasked(recipients, judged(new Failed(Stage.PREPARE, e)).outcome());
            }
        }

        /// Settles those whom no call was made for. Some of the others may have been put into
        /// smaller groups, whose calls say what becomes of them.
        private void settleUnasked(List<ForwardPath> recipients, Outcome outcome) {
            Set<ForwardPath> unasked = new LinkedHashSet<>(recipients);
            groups.forEach(unasked::removeAll);
            settle(List.copyOf(unasked), outcome);
        }

        /// Makes a call, and returns whether another is wanted: trouble with one settles all.
        private boolean post(Post post) {
            if (!over) {
                make(post);
            }
            return !over;
        }

        private void make(Post post) {
            if (common.fidelity() == Fidelity.STRICT && !post.notCarried().isEmpty()) {
                String what = String.join(", ", post.notCarried());
                settle(post.recipients(), unsuited(" can't carry " + what));
                return;
            }
            switch (api.send(post, gate)) {
                case HttpAnswer answer -> answered(post, answer);
                case Failed failed -> refused(post, judged(failed), List.of());
            }
            if (outcomes.size() < outbound.envelope().recipients().size()) {
                gate.told(outcomes);
            }
        }

        private void answered(Post post, HttpAnswer answer) {
            Optional<String> id = api.acceptedAs(answer, post);
            String explained = api.explain(answer, post.recipients());
            String said = answerText.of(answer, explained, id.isPresent());
            List<ForwardPath> refused = api.refused(answer, post.recipients());
            if (id.isPresent()) {
                String accepted = answerText.ofAcceptance(answer, id.get(), explained);
                settle(refused, new Outcome.Rejected(said));
                settle(
                        post.recipients(),
                        new Outcome.Accepted(accepted, id.get(), post.notCarried()));
                return;
            }
            refused(post, judged(answer, said), refused);
        }

        /// Settles what the verdict is about; others of the call, of whom it says nothing, are
        /// tried again without those.
        private void refused(Post post, Verdict verdict, List<ForwardPath> named) {
            Outcome outcome = verdict.outcome();
            List<ForwardPath> recipients = post.recipients();
            boolean some = !named.isEmpty() && named.size() < recipients.size();
            if (outcome.kind() == OutcomeClass.REJECTED && some) {
                settle(named, outcome);
                groups.add(without(recipients, named));
            } else if (verdict.fewerRecipients() && recipients.size() > 1) {
                int half = recipients.size() / 2;
                groups.add(recipients.subList(0, half));
                groups.add(recipients.subList(half, recipients.size()));
            } else {
                settle(recipients, outcome);
                note(verdict);
            }
        }

        private void note(Verdict verdict) {
            switch (verdict.outcome()) {
                case Outcome.Unavailable unavailable -> {
                    advise(verdict);
                    settleTheRest(unavailable);
                }
                // A limit that one call met, the next would meet too.
                case Outcome.Deferred deferred when !verdict.fewerRecipients() ->
                        settleTheRest(deferred);
                case Outcome.Uncertain uncertain ->
                        settleTheRest(
                                new Outcome.Unavailable(
                                        "not tried, since an earlier call is uncertain: "
                                                + uncertain.reply(),
                                        Fault.TIMEOUT,
                                        null));
                // Its form may be wrong for the recipients that one call shows; all else is of all.
                case Outcome.Unsuited unsuited
                        when unsuited.unsuitability() != Unsuitability.FORM
                                && !verdict.fewerRecipients() ->
                        settleTheRest(unsuited);
                case Outcome.Deferred _,
                        Outcome.Rejected _,
                        Outcome.Unsuited _,
                        Outcome.Accepted _ -> {}
            }
        }

        private void settleTheRest(Outcome outcome) {
            over = true;
            groups.clear();
            settle(outbound.envelope().recipients(), outcome);
        }

        private void settle(List<ForwardPath> recipients, Outcome outcome) {
            recipients.forEach(recipient -> outcomes.putIfAbsent(recipient, outcome));
        }
    }

    private Outcome unsuited(String why) {
        return new Outcome.Unsuited(config.type() + why, Unsuitability.FORM);
    }

    private Verdict judged(HttpAnswer answer, String said) {
        Stage stage = answer.isSuccess() || api.isOwn(answer) ? Stage.REPLY : Stage.FOREIGN;
        return Trouble.ofAnswer(context(stage), said, askedWait(answer));
    }

    private Verdict judged(Failed failed) {
        return Trouble.ofFailure(
                context(failed.stage()), failed.failure(), answerText.mask()::mask);
    }

    private static List<ForwardPath> without(List<ForwardPath> all, List<ForwardPath> some) {
        List<ForwardPath> rest = new ArrayList<>(all);
        rest.removeAll(some);
        return rest;
    }

    private Context context(Stage stage) {
        return Context.ofApi(
                config.type(),
                stage,
                api.http.endpoint.authority(),
                switch (stage) {
                    case DNS, CONNECT -> common.connectTimeout();
                    case ANSWER, REPLY, FOREIGN -> common.answerTimeout();
                    case PROXY, TLS, PREPARE, REQUEST -> common.commandTimeout();
                    case GREETING, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, DOT ->
                            throw new AssertionError("no stage of a call: " + stage);
                });
    }

    private void advise(Verdict verdict) {
        LOG.atWarn()
                .addKeyValue("egress", common.name())
                .addKeyValue("trouble", verdict.row())
                .addKeyValue("reply", verdict.outcome().reply())
                .addKeyValue("advice", verdict.advice().isEmpty() ? "-" : verdict.advice())
                .log("egress unavailable");
    }

    @Override
    public Probe probe() {
        return switch (api.probe()) {
            case HttpAnswer answer ->
                    api.probed(answer)
                            .orElseGet(() -> {
                                String explained = api.explain(answer, List.of());
                                String said = answerText.of(answer, explained, false);
                                return failedProbe(judged(answer, said));
                            });
            case Failed failed -> failedProbe(judged(failed));
        };
    }

    private Probe failedProbe(Verdict verdict) {
        String reply = verdict.outcome().reply();
        return switch (verdict.outcome()) {
            case Outcome.Unavailable down ->
                    new Probe.Failed(reply, down.fault(), down.retryAfter());
            case Outcome.Uncertain _ -> new Probe.Failed(reply, lost(verdict), null);
            // The API answers, and not with trouble of ours: whether it would send is open.
            case Outcome.Deferred _, Outcome.Rejected _, Outcome.Unsuited _, Outcome.Accepted _ ->
                    new Probe.Unproven(reply);
        };
    }

    /// Returns what the loss of an answer is, where nothing can have been taken.
    private static Fault lost(Verdict verdict) {
        return switch (verdict.symptom()) {
            case ANSWER_TIMEOUT -> Fault.TIMEOUT;
            case GATEWAY -> Fault.SERVICE;
            case SUCCESS, ANSWER_NOT_HTTP -> Fault.INTERCEPTION;
            default -> Fault.NETWORK;
        };
    }

    @Override
    public void close() {
        api.http.close();
    }

    /// Returns how long an answer's header fields ask us to wait: `Retry-After` (RFC 9110 §10.2.3),
    /// and with 429 the providers' own; null when none of them names a wait.
    static @Nullable Duration askedWait(HttpAnswer answer) {
        for (String name : answer.status() == TOO_MANY ? WAITS : WAITS.subList(0, 1)) {
            String value = answer.header(name);
            Duration wait = value == null ? null : RetryAfter.ofValue(value, Clock.systemUTC());
            if (wait != null) {
                return wait;
            }
        }
        return null;
    }

    /// Puts an answer into one line for operators' eyes, without the secrets that it may repeat.
    ///
    /// @param mask takes out what must not be seen
    record AnswerText(KeyMask mask) {

        /// Characters of an answer's text that are kept.
        private static final int LIMIT_CHARACTERS = 500;

        /// Characters of it that are looked at, more than the kept ones and a secret have.
        private static final int LOOKED_AT_CHARACTERS = 8 * 1024;

        /// Returns `HTTP 401 code: text`, or for a success that is none `HTTP 200 not an
        /// acceptance: text`.
        ///
        /// @param explained what the API made of the answer; empty: nothing, and its plain text is
        ///   taken
        /// @param genuine whether a success is the provider's
        String of(HttpAnswer answer, String explained, boolean genuine) {
            StringBuilder said = new StringBuilder("HTTP ").append(answer.status()).append(' ');
            if (answer.isSuccess() && !genuine) {
                said.append("not an acceptance: ");
                said.append(answer.whole() ? "" : "the answer broke off: ");
            }
            String location = answer.header("location");
            if (location != null && answer.status() / 100 == 3) {
                said.append("to ").append(location).append(' ');
            }
            said.append(explained.isEmpty() ? answer.body() : explained);
            return line(said.toString());
        }

        /// Returns `HTTP 202 accepted as ID: text`.
        String ofAcceptance(HttpAnswer answer, String id, String explained) {
            String text = explained.isEmpty() ? "" : ": " + explained;
            return line("HTTP " + answer.status() + " accepted as " + id + text);
        }

        /// Masked before it is cut: half a secret would not be recognised.
        private String line(String said) {
            String some = said.substring(0, Math.min(said.length(), LOOKED_AT_CHARACTERS));
            String text = mask.mask(some).replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
            return text.length() <= LIMIT_CHARACTERS
                    ? text
                    : text.substring(0, LIMIT_CHARACTERS - 1) + "…";
        }
    }
}
