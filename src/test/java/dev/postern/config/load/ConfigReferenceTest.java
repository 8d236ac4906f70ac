package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.PosternConfig;
import dev.postern.config.load.ConfigShow.YamlText;
import dev.postern.dkim.DkimKeys;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/// The reference, the page in docs, the contract's block and the example agree with the table of
/// keys.
class ConfigReferenceTest {

    private static final Path HOME = Path.of(System.getProperty("postern.home", "."));
    private static final Path PAGE = HOME.resolve("docs/configuration.md");
    private static final Path CONTRACT = HOME.resolve("src/test/resources/config/contract.yaml");
    private static final Path EXAMPLE = HOME.resolve("conf/postern.yaml");
    private static final String END = "<!-- end of keys -->";

    @Test
    void thePageHasTheTablesAsTheyAre() throws IOException {
        String page = Files.readString(PAGE);
        int start = page.indexOf("-->\n", page.indexOf("<!-- keys")) + "-->\n".length();
        String wanted =
                page.substring(0, start)
                        + "\n"
                        + ConfigReference.markdown()
                        + "\n"
                        + page.substring(page.indexOf(END));
        if (System.getProperty("update", "").equals("docs")) {
            Files.writeString(PAGE, wanted);
        }
        assertEquals(wanted, Files.readString(PAGE), "run it with -Dupdate=docs");
    }

    @Test
    void thePageNamesTheKeysThatChangeWithoutARestart() throws IOException {
        String page = Files.readString(PAGE);
        int start = page.indexOf("These count in the running program");
        String list = page.substring(start, page.indexOf("All others need a restart", start));
        Set<String> named = new TreeSet<>();
        for (Key<?> key : Keys.ALL) {
            if (list.contains("`" + key.path() + "`")) {
                named.add(key.path());
            }
        }
        Set<String> live = new TreeSet<>();
        Keys.LIVE.forEach(key -> live.add(key.path()));
        assertEquals(live, named);
    }

    @Test
    void theReferenceTellsEveryKey() {
        List<String> lines = ConfigReference.render().lines().toList();
        for (Key<?> key : Keys.ALL) {
            assertTrue(lines.contains(key.path()), key.path());
        }
        for (EgressType type : EgressType.values()) {
            for (Key<?> key : EgressKeys.of(type)) {
                assertTrue(lines.contains("egress[]." + key.path()), key.path());
            }
        }
        assertTrue(lines.stream().allMatch(line -> line.length() <= 120));
    }

    /// The contract's block has exactly our keys, with our defaults.
    @Test
    void theContractAndTheTableAgree() throws IOException {
        MappingNode root = contract();
        Map<String, Node> told = new HashMap<>();
        flatten(root, "", told);
        Set<String> known = new TreeSet<>();
        for (Key<?> key : Keys.ALL) {
            known.add(key.path());
            Node node = told.get(key.path());
            String fallback = key.fallback();
            if (node != null && fallback != null && !key.equals(Keys.EGRESS)) {
                assertEquals(flow(node), YamlText.ofTable(key.type(), fallback), key.path());
            }
        }
        assertEquals(known, new TreeSet<>(told.keySet()));
    }

    @Test
    void theContractsEgressesHaveTheTablesKeys() throws IOException {
        Map<String, Node> told = new HashMap<>();
        flatten(contract(), "", told);
        Set<String> names = new HashSet<>();
        for (Node node : ((SequenceNode) told.get("egress")).getValue()) {
            ((MappingNode) node).getValue().forEach(tuple -> names.add(text(tuple.getKeyNode())));
        }
        Set<String> known = new TreeSet<>();
        for (EgressType type : EgressType.values()) {
            EgressKeys.of(type).forEach(key -> known.add(key.path()));
        }
        // The contract names these two in a comment.
        names.add("access-key-id");
        names.add("secret-access-key");
        assertEquals(known, new TreeSet<>(names));
    }

    @Test
    void theContractsBlockLoads() throws IOException {
        String yaml = Files.readString(CONTRACT).replace("<the machine's name>", "localhost");
        Loading loading = new Loading().yaml(yaml);
        loading.variable("SENDGRID_API_KEY", "a").variable("MAILGUN_API_KEY", "b");
        loading.file("/run/secrets/gmail", "c\n");
        PosternConfig config = loading.config();
        assertEquals(4, config.egress().size());
        PosternConfig defaults =
                new Loading().variable("POSTERN_SMTP_HOSTNAME", "localhost").config();
        assertEquals(defaults.spool(), config.spool());
        assertEquals(defaults.retry(), config.retry());
        assertEquals(defaults.http(), config.http());
    }

    @Test
    void theExampleLoads() throws IOException {
        PosternConfig config = new Loading().yaml(Files.readString(EXAMPLE)).config();
        PosternConfig defaults = new Loading().config();
        assertEquals(defaults.retry(), config.retry());
        assertEquals(defaults.smtp(), config.smtp());
    }

    /// Every commented line of the example is right too.
    @Test
    void theExampleLoadsWithItsCommentedLines() throws IOException {
        String yaml =
                Files.readString(EXAMPLE)
                        .replaceAll("(?s)^.*?\n\n", "")
                        .replace("egress: []\n", "")
                        .replaceAll("(?m)^( *)# (?=( {2,}|- )?[a-z-]+:| *- )", "$1");
        Loading loading = KeysTest.machine().yaml(yaml);
        loading.file("/run/secrets/smtp-password", "a\n").file("/run/secrets/admin-token", "b\n");
        loading.file("/run/secrets/gmail", "c\n");
        loading.file("/run/secrets/dkim.pem", DkimKeys.pem(DkimKeys.ED25519));
        loading.variable("SENDGRID_API_KEY", "d").variable("MAILGUN_API_KEY", "e");
        PosternConfig config = loading.config();
        assertEquals(4, config.egress().size());
        assertEquals(1, config.dkim().size());
        assertEquals("a", config.smtp().users().getFirst().password().reveal());
    }

    private static MappingNode contract() throws IOException {
        String yaml = Files.readString(CONTRACT);
        return (MappingNode) new Yaml(new LoaderOptions()).compose(new StringReader(yaml));
    }

    private static void flatten(MappingNode node, String parent, Map<String, Node> found) {
        for (NodeTuple tuple : node.getValue()) {
            String path = parent + text(tuple.getKeyNode());
            boolean section =
                    tuple.getValueNode() instanceof MappingNode mapping
                            && !mapping.getValue().isEmpty();
            if (section) {
                flatten((MappingNode) tuple.getValueNode(), path + ".", found);
            } else {
                found.put(path, tuple.getValueNode());
            }
        }
    }

    private static String flow(Node node) {
        return switch (node) {
            case SequenceNode sequence ->
                    sequence.getValue().stream().map(ConfigReferenceTest::flow).toList().toString();
            case ScalarNode scalar -> YamlText.scalar(scalar.getValue());
            default -> "{}";
        };
    }

    private static String text(Node node) {
        return ((ScalarNode) node).getValue();
    }
}
