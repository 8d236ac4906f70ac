package dev.postern.doctor;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Where this program runs, as far as it shows.
///
/// @param kind one word: `render`, `railway`, `fly`, `heroku`, `kubernetes`, `host`…
/// @param label for people: `Render, web service, free plan by its looks`
/// @param distribution from os-release; empty when unknown
/// @param hostname the machine's name; empty when unknown
/// @param container whether it is one
/// @param root whether this process is root
/// @param proxies the proxy variables that are set, without log-ins
/// @param firewall who filters packets here
/// @param tags the words that the findings table knows this place by
public record Platform(
        String kind,
        String label,
        String distribution,
        String hostname,
        boolean container,
        boolean root,
        List<String> proxies,
        Firewall firewall,
        Set<String> tags) {

    public Platform {
        proxies = List.copyOf(proxies);
        tags = Set.copyOf(tags);
    }

    /// Returns the same with more words for the findings table.
    Set<String> tagsAnd(Set<String> more) {
        Set<String> all = new TreeSet<>(tags);
        all.addAll(more);
        return all;
    }

    /// Returns what an operator does so that connections to a port get out of this machine.
    String allow(String port) {
        String command = firewall.allow(port);
        if (container) {
            return "on the machine that runs this container, as root: " + command;
        }
        return root ? command : "as root: " + command;
    }
}
