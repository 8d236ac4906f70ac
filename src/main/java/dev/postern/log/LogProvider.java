package dev.postern.log;

import dev.postern.mail.LogMark;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.Logger;
import org.slf4j.Marker;
import org.slf4j.event.KeyValuePair;
import org.slf4j.event.LoggingEvent;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.LoggingEventAware;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/// What SLF4J finds through `META-INF/services`: loggers that pass facts on to `java.util.logging`.
public final class LogProvider implements SLF4JServiceProvider {

    private static final String API_VERSION = "2.0.99";

    private final ConcurrentMap<String, Logger> loggers = new ConcurrentHashMap<>();
    private final IMarkerFactory markers = new BasicMarkerFactory();
    private final MDCAdapter context = new NOPMDCAdapter();

    @Override
    public ILoggerFactory getLoggerFactory() {
        return name -> loggers.computeIfAbsent(name, FactLogger::new);
    }

    @Override
    public IMarkerFactory getMarkerFactory() {
        return markers;
    }

    @Override
    public MDCAdapter getMDCAdapter() {
        return context;
    }

    @Override
    public String getRequestedApiVersion() {
        return API_VERSION;
    }

    @Override
    public void initialize() {}

    /// A logger of SLF4J that hands facts, pairs and all, to the `java.util.logging` logger of its
    /// name.
    static final class FactLogger extends LegacyAbstractLogger implements LoggingEventAware {

        private static final long serialVersionUID = 1;

        private final transient java.util.logging.Logger target;

        FactLogger(String name) {
            this.name = name;
            this.target = java.util.logging.Logger.getLogger(name);
        }

        @Override
        public boolean isTraceEnabled() {
            return target.isLoggable(Level.FINEST);
        }

        @Override
        public boolean isDebugEnabled() {
            return target.isLoggable(Level.FINE);
        }

        @Override
        public boolean isInfoEnabled() {
            return target.isLoggable(Level.INFO);
        }

        @Override
        public boolean isWarnEnabled() {
            return target.isLoggable(Level.WARNING);
        }

        @Override
        public boolean isErrorEnabled() {
            return target.isLoggable(Level.SEVERE);
        }

        @Override
        public void log(LoggingEvent event) {
            List<KeyValuePair> pairs = event.getKeyValuePairs();
            List<Marker> markers = event.getMarkers();
            Fact fact =
                    fact(
                            event.getLevel(),
                            event.getMessage(),
                            event.getArgumentArray(),
                            pairs == null ? List.of() : pairs,
                            markers != null && markers.contains(LogMark.EACH));
            if (event.getTimeStamp() != 0) {
                fact.setInstant(Instant.ofEpochMilli(event.getTimeStamp()));
            }
            emit(fact, event.getThrowable());
        }

        @Override
        protected void handleNormalizedLoggingCall(
                org.slf4j.event.Level level,
                @Nullable Marker marker,
                String message,
                Object @Nullable [] arguments,
                @Nullable Throwable thrown) {
            emit(fact(level, message, arguments, List.of(), LogMark.EACH.equals(marker)), thrown);
        }

        @Override
        protected @Nullable String getFullyQualifiedCallerName() {
            return null;
        }

        private Fact fact(
                org.slf4j.event.Level level,
                @Nullable String message,
                Object @Nullable [] arguments,
                List<KeyValuePair> pairs,
                boolean each) {
            String pattern = Objects.requireNonNullElse(message, "");
            String text =
                    arguments == null
                            ? pattern
                            : MessageFormatter.basicArrayFormat(pattern, arguments);
            return new Fact(Logging.level(level), name, pattern, text, pairs, each);
        }

        private void emit(Fact fact, @Nullable Throwable thrown) {
            fact.setThrown(thrown);
            target.log(fact);
        }
    }
}
