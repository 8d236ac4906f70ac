package dev.postern.doctor;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Something that was seen and may mean something.
///
/// @param where which rows of the findings table it is for
/// @param tags the words that hold here: of the platform, of the egress's type, of its provider
/// @param said what was seen, in one line
/// @param words what fills the braces of the table's sentences
record Evidence(Where where, Set<String> tags, String said, Map<String, String> words) {

    /// Which part of the examination it comes from.
    enum Where {
        /// The look-up of a name.
        DNS,
        /// All ports of one host together: `want 587; dropped 465 587; open 2525`.
        PORTS,
        /// The address families of one port: `IPv6 unreachable; IPv4 open`.
        FAMILIES,
        /// The way through an HTTP proxy.
        PROXY,
        /// TLS, from the first octet or after STARTTLS.
        TLS,
        /// The server's greeting, EHLO and STARTTLS.
        GREETING,
        /// The log-in, by SMTP.
        AUTH,
        /// The answer of an API.
        REPLY,
        /// What an API said that proves nothing.
        UNPROVEN,
        /// The clocks of this machine and of a server.
        CLOCK,
        /// What this machine is like.
        LOCAL;

        /// Returns the word of the findings table.
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Returns the same with at most so many characters of what was said.
    Evidence upTo(int characters) {
        return said.length() <= characters
                ? this
                : new Evidence(where, tags, said.substring(0, characters - 1) + "…", words);
    }

    Evidence {
        tags = Set.copyOf(tags);
        words = Map.copyOf(words);
    }
}
