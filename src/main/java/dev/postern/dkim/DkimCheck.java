package dev.postern.dkim;

import dev.postern.config.DkimConfig;
import dev.postern.dkim.DkimRecord.Comparison;
import dev.postern.dkim.DkimRecord.Match;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
        long deadline = System.nanoTime() + LIMIT.toNanos();
        Semaphore turns = new Semaphore(AT_ONCE);
        List<CompletableFuture<Comparison>> asked =
                keys.stream()
                        .map(key ->
                                CompletableFuture.supplyAsync(
                                        () -> inTurn(key, nameServers, turns, deadline),
                                        Thread.ofVirtual().name("dkim-" + key.domain())::start))
                        .toList();
        List<Checked> checked = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            checked.add(new Checked(keys.get(i), waited(asked.get(i), deadline)));
        }
        return checked;
    }

    private static Comparison waited(CompletableFuture<Comparison> asked, long deadline) {
        try {
            return asked.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            return unknown("no answer in " + LIMIT.toSeconds() + " s");
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return unknown("broken off");
        } catch (ExecutionException e) {
            return unknown(String.valueOf(e.getCause()));
        }
    }

    private static Comparison inTurn(
            DkimConfig key, String nameServers, Semaphore turns, long deadline) {
        try {
            if (!turns.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                return unknown("too many keys for one look");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return unknown("broken off");
        }
        try {
            return compare(key, nameServers);
        } finally {
            turns.release();
        }
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
