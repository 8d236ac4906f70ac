package dev.postern.dkim;

import dev.postern.config.DkimConfig;
import dev.postern.dkim.DkimRecord.Comparison;
import dev.postern.dkim.DkimRecord.Match;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.InitialDirContext;

/// Asks the DNS whether it has the records of our keys.
public final class DkimCheck {

    /// How long the answers are waited for, all together.
    public static final Duration LIMIT = Duration.ofSeconds(8);

    /// The name servers of this machine, as the JDK's DNS provider names them.
    public static final String NAME_SERVERS = "dns:";

    /// Look-ups at once: name servers drop what is too much.
    private static final int AT_ONCE = 16;

    private static final String TXT = "TXT";
    private static final String FIRST_WAIT_MILLIS = "1500";
    private static final String TRIES = "2";

    private DkimCheck() {}

    /// What was found of one key.
    public record Checked(DkimConfig key, Comparison comparison) {

        /// Returns it as one line.
        public String line() {
            return key.recordName() + ": " + comparison.words();
        }
    }

    /// Checks keys, [#AT_ONCE] at a time; one that has no answer in time is [Match#UNKNOWN].
    ///
    /// @param nameServers whom to ask, a URL: [#NAME_SERVERS], or `dns://HOST:PORT`
    public static List<Checked> check(List<DkimConfig> keys, String nameServers) {
        List<Callable<Comparison>> tasks =
                keys.stream()
                        .<Callable<Comparison>>map(key -> () -> compare(key, nameServers))
                        .toList();
        List<Checked> checked = new ArrayList<>();
        // Not closed: that would wait for those who don't heed an interrupt.
        ExecutorService threads =
                Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().name("dkim").factory());
        try {
            Iterator<DkimConfig> each = keys.iterator();
            for (Future<Comparison> asked :
                    threads.invokeAll(tasks, LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                checked.add(new Checked(each.next(), found(asked)));
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            keys.forEach(key -> checked.add(new Checked(key, unknown("broken off"))));
        } finally {
            threads.shutdownNow();
        }
        return checked;
    }

    private static Comparison found(Future<Comparison> asked) {
        return switch (asked.state()) {
            case SUCCESS -> asked.resultNow();
            case FAILED -> unknown(asked.exceptionNow().toString());
            case CANCELLED, RUNNING -> unknown("no answer in " + LIMIT.toSeconds() + " s");
        };
    }

    private static Comparison compare(DkimConfig key, String nameServers) {
        try {
            return DkimRecord.compare(key, records(key.recordName(), nameServers));
        } catch (NamingException e) {
            return unknown(e.getExplanation() == null ? e.toString() : e.getExplanation());
        }
    }

    private static Comparison unknown(String why) {
        return new Comparison(Match.UNKNOWN, "the DNS can't be asked: " + why);
    }

    /// Returns the texts of a name's TXT records; none where there are none.
    ///
    /// @throws NamingException when the name servers do not say
    // The URL is ours, and this provider makes no objects of what it reads.
    @SuppressWarnings({"BanJNDI", "JdkObsolete"})
    private static List<String> records(String name, String nameServers) throws NamingException {
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
        environment.put(Context.PROVIDER_URL, nameServers);
        environment.put("com.sun.jndi.dns.timeout.initial", FIRST_WAIT_MILLIS);
        environment.put("com.sun.jndi.dns.timeout.retries", TRIES);
        InitialDirContext dns = new InitialDirContext(environment);
        try {
            Attribute found = dns.getAttributes(name, new String[] {TXT}).get(TXT);
            List<String> texts = new ArrayList<>();
            if (found != null) {
                NamingEnumeration<?> all = found.getAll();
                while (all.hasMore()) {
                    texts.add(joined(String.valueOf(all.next())));
                }
            }
            return texts;
        } catch (NameNotFoundException _) {
            return List.of();
        } finally {
            dns.close();
        }
    }

    /// Returns the strings of a record as one text (RFC 6376 §3.6.2.2). The JDK gives them with
    /// blanks between, and those that have blanks in quotes.
    static String joined(String strings) {
        StringBuilder text = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < strings.length(); i++) {
            char c = strings.charAt(i);
            if (c == '\\' && i + 1 < strings.length()) {
                i++;
                text.append(strings.charAt(i));
            } else if (c == '"') {
                quoted = !quoted;
            } else if (quoted || c != ' ') {
                text.append(c);
            }
        }
        return text.toString();
    }
}
