package dev.postern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.PosternConfig;
import dev.postern.dispatch.DispatchObserver;
import dev.postern.dispatch.Dispatcher;
import dev.postern.doctor.Doctor;
import dev.postern.doctor.EgressReport;
import dev.postern.doctor.Report;
import dev.postern.testing.Await;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.Facts;
import dev.postern.testing.FakeSpool;
import dev.postern.testing.Ports;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The doctor of a forwarder whose configuration is reloaded meanwhile: the dispatcher has not all
/// the egresses any more that the doctor was told of.
@Timeout(60)
class LiveDoctorTest {

    private static final Logger LOG = Logger.getLogger(Doctor.class.getName());
    private static final Logger ROUND = Logger.getLogger("dev.postern.doctor.DoctorRun");

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Handler listening =
            new Handler() {
                @Override
                public void publish(LogRecord line) {
                    lines.add(Facts.text(line));
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };

    @BeforeEach
    void listen() {
        for (Logger each : List.of(LOG, ROUND)) {
            each.setLevel(Level.INFO);
            each.addHandler(listening);
        }
    }

    @AfterEach
    void hush() {
        for (Logger each : List.of(LOG, ROUND)) {
            each.removeHandler(listening);
            each.setLevel(null);
        }
    }

    /// Two egresses that nobody answers; `left` of them are there.
    private void whileOnly(int left, Ask ask) throws IOException {
        int port = Ports.free(1).getFirst();
        List<String> urls =
                List.of(
                        "smtp://127.0.0.1:" + port + "?tls=none#one",
                        "smtp://127.0.0.1:" + port + "?tls=none#two");
        PosternConfig before = EgressConfigs.configured(urls.toArray(String[]::new));
        PosternConfig now = EgressConfigs.configured(urls.subList(0, left).toArray(String[]::new));
        FakeSpool spool = new FakeSpool(InstantSource.system());
        try (EgressRegistry stock = new EgressRegistry("me.example.org", InstantSource.system())) {
            stock.use(now.egress(), List.of());
            try (Dispatcher dispatcher =
                    Dispatcher.of(
                            now,
                            spool,
                            stock.egresses(),
                            new DispatchObserver() {},
                            InstantSource.system())) {
                dispatcher.start();
                ask.of(new LiveDoctor(before, dispatcher));
            }
        }
    }

    @FunctionalInterface
    private interface Ask {
        void of(LiveDoctor doctor);
    }

    @Test
    void anEgressThatAReloadTookAwayIsLeftOut() throws IOException {
        whileOnly(
                1,
                doctor -> {
                    Report report = doctor.get();
                    assertEquals(
                            List.of("one"),
                            report.egresses().stream().map(EgressReport::name).toList());
                    assertEquals("mail cannot leave: one does not work", report.verdict());
                });
        assertFalse(lines.toString().contains("our own fault"), lines.toString());
    }

    @Test
    void whereAllAreGoneTheReportSaysSo() throws IOException {
        whileOnly(
                0,
                doctor -> {
                    Report report = doctor.get();
                    assertEquals(List.of(), report.egresses());
                    assertTrue(report.verdict().contains("a reload took away"), report.verdict());
                });
    }

    @Test
    void theSummaryAtTheStartIsOfThoseThatAreThere() throws IOException {
        whileOnly(
                1,
                doctor -> {
                    doctor.summarize();
                    Await.until("a verdict", () -> !lines.isEmpty() && isVerdict(lines.getLast()));
                });
        assertEquals(2, lines.size(), lines::toString);
        assertTrue(lines.getFirst().startsWith("egress=one works=no "), lines::toString);
    }

    private static boolean isVerdict(String line) {
        return line.contains("mail cannot leave by any egress now");
    }
}
