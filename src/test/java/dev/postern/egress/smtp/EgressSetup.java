package dev.postern.egress.smtp;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.config.Secret;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.config.SubmissionPort;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.TestKeys;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;

/// Makes egresses towards scripted servers; each test changes what it is about.
final class EgressSetup {

    static final Duration LONG = Duration.ofSeconds(30);
    static final Duration SHORT = Duration.ofMillis(200);

    String host = "localhost";
    OptionalInt port;
    Tls tls = Tls.NONE;
    String tlsName;
    String username;
    Secret password;
    Path ca;
    int concurrency = 4;
    Duration connectTimeout = LONG;
    Duration commandTimeout = LONG;
    Duration dataTimeout = LONG;
    Duration answerTimeout = LONG;
    Fidelity fidelity = Fidelity.BEST_EFFORT;
    boolean sign;
    SmtpDialer.Resolver resolver = _ -> new InetAddress[] {InetAddress.getLoopbackAddress()};
    List<SubmissionPort> candidates = SubmissionPort.USUAL;
    Duration stagger = SmtpDialer.Network.REAL.stagger();
    LongSupplier nanoTime = System::nanoTime;
    SmtpEgress.Reuse limits = SmtpEgress.Reuse.USUAL;

    private EgressSetup(int port) {
        this.port = OptionalInt.of(port);
    }

    static EgressSetup to(ScriptedServer server) {
        return new EgressSetup(server.port());
    }

    static EgressSetup to(int port) {
        return new EgressSetup(port);
    }

    EgressSetup tls(Tls mode) {
        tls = mode;
        ca = TestKeys.ca();
        return this;
    }

    EgressSetup login(String user, String word) {
        username = user;
        password = Secret.of(word);
        return this;
    }

    /// Sets `port: auto` with these candidates and STARTTLS.
    EgressSetup auto(int... ports) {
        port = OptionalInt.empty();
        candidates = IntStream.of(ports).mapToObj(each -> new SubmissionPort(each, false)).toList();
        return this;
    }

    SmtpEgress build() {
        return new SmtpEgress(
                config(),
                "client.example",
                new SmtpDialer.Network(resolver, stagger),
                nanoTime,
                limits);
    }

    EgressConfig.Smtp config() {
        Common common =
                new Common(
                        "test",
                        null,
                        ca,
                        concurrency,
                        connectTimeout,
                        commandTimeout,
                        dataTimeout,
                        answerTimeout,
                        List.of(),
                        null,
                        null,
                        WhenLimited.WAIT,
                        fidelity,
                        sign);
        SmtpEgressConfig smtp =
                new SmtpEgressConfig(
                        host, port, tls, tlsName, username, password, null, candidates);
        return new EgressConfig.Smtp(common, smtp);
    }
}
