package dev.postern.egress.smtp;

import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.OutboundMessage;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.OutcomeClass;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Verdict;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One message on its way: usually one transaction over one connection, more where the server takes
/// fewer recipients at a time (RFC 5321 §4.5.3.1.10) or a connection turned out stale.
///
/// **Contract.** After [#over] has said [Ended#REUSABLE] or [Ended#BROKEN] every recipient has an
/// outcome. After [Ended#STALE] nothing was sent and nothing decided. The gate is passed once,
/// before the first final dot.
final class Transmission {

    /// How the use of a connection ended.
    enum Ended {
        /// It can carry another message.
        REUSABLE,
        /// It must be closed.
        BROKEN,
        /// It was closed by the server because of its past; a fresh one may work.
        STALE
    }

    private final Common common;
    private final OutboundMessage outbound;
    private final CommitGate gate;
    private final Map<ForwardPath, Outcome> outcomes = new LinkedHashMap<>();
    private final Deque<ForwardPath> waiting = new ArrayDeque<>();
    private @Nullable Verdict trouble;

    Transmission(Common common, OutboundMessage outbound, CommitGate gate) {
        this.common = common;
        this.outbound = outbound;
        this.gate = gate.once();
        waiting.addAll(outbound.envelope().recipients());
    }

    /// Returns the trouble that the last transaction met as a whole; null when it met none.
    @Nullable Verdict trouble() {
        return trouble;
    }

    /// Notes that a connection is to be made before anything is read.
    void waiting() {
        gate.waiting();
    }

    /// Gives all that have no outcome yet this one.
    void settleRest(Outcome outcome) {
        outbound.envelope().recipients().forEach(each -> outcomes.putIfAbsent(each, outcome));
        waiting.clear();
    }

    /// Returns the outcomes.
    Delivery delivery() {
        return Delivery.of(outbound.envelope().recipients(), outcomes);
    }

    /// Sends what is to be sent over `connection`.
    Ended over(SmtpConnection connection) {
        gate.preparing();
        SmtpCommands commands =
                new SmtpCommands(connection.offers(), common.fidelity() == Fidelity.STRICT);
        Outcome unsuitability = commands.unsuitability(outbound);
        if (unsuitability != null) {
            settleRest(unsuitability);
            return Ended.REUSABLE;
        }
        List<ForwardPath> next = next(commands);
        while (!next.isEmpty()) {
            Ended ended = transact(connection, commands, next);
            if (ended != Ended.REUSABLE) {
                return ended;
            }
            next = next(commands);
            if (!next.isEmpty()) {
                gate.told(outcomes);
            }
        }
        return Ended.REUSABLE;
    }

    private Ended transact(
            SmtpConnection connection, SmtpCommands commands, List<ForwardPath> recipients) {
        boolean firstUse = outcomes.isEmpty() && connection.isUsed();
        SmtpTransaction transaction =
                new SmtpTransaction(connection, commands, common, outbound, recipients, gate);
        transaction.run();
        Verdict met = transaction.trouble();
        trouble = met;
        if (firstUse && met != null && met.staleConnection() && transaction.isAtMail()) {
            recipients.reversed().forEach(waiting::addFirst);
            return Ended.STALE;
        }
        connection.countMessage();
        outcomes.putAll(transaction.outcomes());
        transaction.again().reversed().forEach(waiting::addFirst);
        if (!transaction.isLost()) {
            return Ended.REUSABLE;
        }
        settleRest(forTheUntried(connection, met));
        return Ended.BROKEN;
    }

    /// Those whose turn had not come were certainly not sent, whatever became of the others.
    private static Outcome forTheUntried(SmtpConnection connection, @Nullable Verdict met) {
        return met != null && met.outcome().kind() == OutcomeClass.UNAVAILABLE
                ? met.outcome()
                : Trouble.ofFinding(
                                connection.context(Stage.MAIL),
                                Symptom.BROKEN_OFF,
                                "connection lost")
                        .outcome();
    }

    /// Takes the recipients of the next transaction, and settles those that can't be spoken to this
    /// server.
    private List<ForwardPath> next(SmtpCommands commands) {
        List<ForwardPath> next = new ArrayList<>();
        while (!waiting.isEmpty() && next.size() < commands.offers().recipientsMax()) {
            ForwardPath recipient = waiting.remove();
            Outcome unsuitability = commands.unsuitability(recipient);
            if (unsuitability == null) {
                next.add(recipient);
            } else {
                outcomes.put(recipient, unsuitability);
            }
        }
        return next;
    }
}
