package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class ChangesTest {

    private static final String ONE =
            "{name: one, type: smtp, host: smtp.example.org, username: me, password: %s}";
    private static final String TWO = "{name: two, type: resend, api-key: key}";

    private static Loaded.Valid yaml(String text) {
        return new Loading().yaml(text).valid();
    }

    private static Loaded.Valid egress(String... items) {
        return yaml("egress: [" + String.join(", ", items) + "]\n");
    }

    private static void assertLive(List<String> keys, Loaded.Valid before, Loaded.Valid after) {
        assertEquals(new Changes(keys, List.of()), Changes.between(before, after));
    }

    @Test
    void theSameTextIsNoChange() {
        assertLive(List.of(), egress(ONE.formatted("pw"), TWO), egress(ONE.formatted("pw"), TWO));
        assertEquals(
                egress(ONE.formatted("pw"), TWO).config(),
                egress(ONE.formatted("pw"), TWO).config());
    }

    @Test
    void keysOfAnEgressAreNamed() {
        assertLive(
                List.of("egress.one.password"),
                egress(ONE.formatted("a"), TWO),
                egress(ONE.formatted("b"), TWO));
        assertNotEquals(
                egress(ONE.formatted("a")).config().egress(),
                egress(ONE.formatted("b")).config().egress());
    }

    @Test
    void egressesComeAndGoAndChangePlaces() {
        String one = ONE.formatted("pw");
        assertLive(List.of("egress.two"), egress(one), egress(one, TWO));
        assertLive(List.of("egress.one"), egress(one, TWO), egress(TWO));
        assertLive(List.of("egress"), egress(one, TWO), egress(TWO, one));
        assertLive(List.of("egress.two"), egress(TWO), egress(TWO.replace("resend", "brevo")));
    }

    @Test
    void whatNeedsARestartIsTold() {
        Changes changes =
                Changes.between(
                        yaml("smtp: {listen: 127.0.0.1:2525}\nretry: {max-age: 5d}\n"),
                        yaml("smtp: {listen: 127.0.0.1:2526}\nretry: {max-age: 4d}\n"));
        assertEquals(List.of("retry.max-age"), changes.live());
        assertEquals(List.of("smtp.listen"), changes.fixed());
    }

    @Test
    void aSecretThatIsReadAtEachUseNeedsNoRestart() {
        Loading loading =
                new Loading().yaml("http: {admin-token: \"${file:token}\"}").file("token", "a");
        Loaded.Valid before = loading.valid();
        loading.file("token", "b");
        assertEquals(List.of(), Changes.between(before, loading.valid()).fixed());
        loading.yaml("http: {admin-token: c}");
        assertEquals(List.of("http.admin-token"), Changes.between(before, loading.valid()).fixed());
    }
}
