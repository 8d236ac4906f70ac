package dev.postern.reception;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Makes whole addresses of what local programs say, such as cron's `root`: by the aliases, then by
/// the domain that qualifies.
///
/// An alias may name another one (`postmaster: root`, `root: ops@example.org`); a circle of them
/// counts as no alias. A whole address is an alias's when the very address is a key of the table,
/// or when it is `name@localhost` or `name@` this machine and `name` is one: neither could be
/// delivered elsewhere.
public final class AddressRewriter {

    private static final String LOCALHOST = "localhost";

    /// Whom every server must take mail for, without a domain too (RFC 5321 §4.5.1).
    private static final String POSTMASTER = "postmaster";

    private final Map<String, String> aliases;
    private final @Nullable String qualifyDomain;
    private final String hostname;
    private final Set<String> localDomains;

    AddressRewriter(Map<String, String> aliases, @Nullable String qualifyDomain, String hostname) {
        this.aliases = aliases;
        this.qualifyDomain = qualifyDomain;
        this.hostname = hostname;
        this.localDomains = new HashSet<>(List.of(LOCALHOST, hostname.toLowerCase(Locale.ROOT)));
    }

    /// Returns the address that `spoken` stands for as a recipient; empty when it has no domain and
    /// nothing gives it one. The postmaster's is this machine's then.
    public Optional<String> recipient(String spoken) {
        String address = resolved(spoken);
        Optional<String> whole = sender(address);
        return whole.isEmpty() && spoken.equalsIgnoreCase(POSTMASTER)
                ? Optional.of(address + "@" + hostname)
                : whole;
    }

    private String resolved(String spoken) {
        String address = spoken;
        Set<String> seen = new HashSet<>();
        String next = alias(address);
        while (next != null) {
            if (!seen.add(next)) {
                return spoken;
            }
            address = next;
            next = alias(address);
        }
        return address;
    }

    /// Returns the address that `spoken` stands for as a sender: aliases are of no concern to it.
    public Optional<String> sender(String spoken) {
        if (spoken.isEmpty() || domainStart(spoken) >= 0) {
            return Optional.of(spoken);
        }
        return Optional.ofNullable(qualifyDomain).map(domain -> spoken + "@" + domain);
    }

    private @Nullable String alias(String address) {
        String key = address.toLowerCase(Locale.ROOT);
        String target = aliases.get(key);
        int at = domainStart(key);
        if (target == null && at >= 0 && localDomains.contains(key.substring(at + 1))) {
            target = aliases.get(key.substring(0, at));
        }
        return target;
    }

    private static int domainStart(String address) {
        return address.endsWith("\"") ? -1 : address.lastIndexOf('@');
    }
}
