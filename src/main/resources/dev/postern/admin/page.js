"use strict";
(() => {
  const API = "/api/v1";
  const REFRESH_MILLIS = 5000;
  const PAGE_SIZE = 50;
  const STATES = ["queued", "sending", "deferred", "held", "sent", "failed"];
  const $ = (id) => document.getElementById(id);

  let token = sessionStorage.getItem("token") || "";
  let state = "";
  let shown = PAGE_SIZE;
  let open = null;

  class Refused extends Error {
    constructor(status, detail) {
      super(detail);
      this.status = status;
    }
  }

  async function ask(path, method = "GET") {
    const headers = token ? { Authorization: "Bearer " + token } : {};
    const answer = await fetch(API + path, { method, headers, cache: "no-store" });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      throw new Refused(answer.status, problem.detail || answer.statusText);
    }
    return answer;
  }

  // Every value gets into the page by here: as text, never as markup.
  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined && text !== null) made.textContent = String(text);
    if (className) made.className = className;
    return made;
  }

  function row(...cells) {
    const made = element("tr");
    for (const cell of cells) {
      const td = element("td");
      if (cell instanceof Node) td.append(cell);
      else td.textContent = cell === null || cell === undefined ? "" : String(cell);
      made.append(td);
    }
    return made;
  }

  function button(label, action, className) {
    const made = element("button", label, className);
    made.type = "button";
    made.addEventListener("click", action);
    return made;
  }

  const stateWord = (word) => element("span", word, "state " + word);
  const time = (text) => (text ? new Date(text).toLocaleString() : "");

  function size(bytes) {
    if (bytes < 1024) return bytes + " B";
    if (bytes < 1048576) return (bytes / 1024).toFixed(1) + " KiB";
    return (bytes / 1048576).toFixed(1) + " MiB";
  }

  function age(seconds) {
    if (seconds < 120) return seconds + " s";
    if (seconds < 7200) return Math.round(seconds / 60) + " min";
    if (seconds < 172800) return Math.round(seconds / 3600) + " h";
    return Math.round(seconds / 86400) + " d";
  }

  function banner(text, kind) {
    $("banner").hidden = !text;
    $("banner").className = kind || "";
    if ($("banner").textContent !== text) $("banner").textContent = text;
  }

  function summary(status) {
    const mail = status.messages;
    const down = status.egress.filter((one) => one.state === "down");
    if (!status.egress.length) {
      const many = mail.held === 1 ? "1 message is" : mail.held + " messages are";
      return [
        "There is no way out: no egress is configured.\n" + (mail.held
          ? many + " held here and will leave once there is one. Nothing was sent."
          : "Mail is accepted and held until there is one. Nothing is sent."), "bad"];
    }
    if (status.spool.trouble) return ["Mail can't be accepted: " + status.spool.trouble, "bad"];
    if (!status.listener) return ["The listener takes no mail now.", "bad"];
    if (down.length === status.egress.length) {
      return ["Mail can't leave: every egress is down. It waits here and is tried again by itself.", "bad"];
    }
    const detours = (status.fallbacks || []).map((one) => "\n" + one).join("");
    if (down.length) {
      return [down.map((one) => one.name).join(", ") + (down.length > 1 ? " are" : " is")
        + " down; mail leaves by another way." + detours, "warn"];
    }
    if (detours) return ["Mail leaves by another way than the preferred one." + detours, "warn"];
    if (mail.held) return [mail.held + " held, waiting for a release.", "warn"];
    const waiting = mail.queued + mail.deferred;
    return [waiting ? waiting + " waiting; the oldest for " + age(status["oldest-seconds"]) + "."
      : "All is well: nothing waits.", ""];
  }

  function showStatus(status) {
    banner(...summary(status));
    $("facts").textContent = [
      status.version, "listens on " + (status.listener || "nothing"),
      "up " + age(status["uptime-seconds"]),
      "spool " + status.spool.path + ": " + size(status.spool.bytes) + ", " + size(status.spool.free) + " free",
    ].join(" · ");
    $("egresses").replaceChildren(...status.egress.map((one) => row(
      one.name, one.type, stateWord(one.state),
      one.state === "up" ? "" : [one.reason, one["last-error"]].filter(Boolean).join(": "),
      time(one["last-success"]),
      button("Probe", () => act("/egress/" + encodeURIComponent(one.name) + "/probe", "POST")))));
    if (!status.egress.length) {
      const none = row("None. Set POSTERN_EGRESS, or the key egress in postern.yaml.");
      none.firstChild.colSpan = 6;
      $("egresses").replaceChildren(none);
    }
    const all = STATES.reduce((sum, word) => sum + status.messages[word], 0);
    $("counts").replaceChildren(count("", "all", all),
      ...STATES.map((word) => count(word, word, status.messages[word])));
  }

  function count(word, label, many) {
    const item = element("li");
    const choose = button(label + " " + many, () => {
      state = word;
      shown = PAGE_SIZE;
      refresh();
    });
    choose.setAttribute("aria-pressed", String(state === word));
    item.append(choose);
    return item;
  }

  async function messages() {
    const query = new URLSearchParams({ limit: String(Math.min(shown, 1000)) });
    if (state) query.set("state", state);
    for (const [name, value] of new FormData($("filters"))) if (value) query.set(name, value);
    const page = await (await ask("/messages?" + String(query).replaceAll("+", "%20"))).json();
    $("messages").replaceChildren(...page.messages.map(messageRow));
    $("none").hidden = page.messages.length > 0;
    $("more").hidden = !page.next || shown >= 1000;
  }

  function messageRow(message) {
    const first = message.recipients[0];
    const others = message.recipients.length - 1;
    const why = first && first.reason ? " (" + first.reason + ")" : "";
    const word = element("span");
    word.append(stateWord(message.state), why);
    const made = row(word, message.from || "<>",
      (first ? first.address : "") + (others > 0 ? " and " + others + " more" : ""),
      button(message.subject || "(no subject)", () => {}, "link"),
      size(message.size), time(message.received));
    made.children[4].className = "number";
    made.children[5].className = "nowrap";
    made.addEventListener("click", () => show(message.id));
    return made;
  }

  async function show(id) {
    try {
      const message = await (await ask("/messages/" + encodeURIComponent(id))).json();
      open = id;
      fill(message);
      if (!$("detail").open) $("detail").showModal();
    } catch (refused) {
      tell(refused);
    }
  }

  function fill(message) {
    const path = "/messages/" + encodeURIComponent(message.id);
    $("detail-title").textContent = message.subject || "(no subject)";
    const verbs = [];
    const reasons = message.recipients.map((one) => one.reason);
    const suspected = reasons.includes("suspected");
    if (["deferred", "failed"].includes(message.state)) {
      verbs.push(button("Retry now", () => act(path + "/retry", "POST")));
    }
    const operator = reasons.includes("operator");
    if (["queued", "deferred"].includes(message.state) || (message.state === "held" && !operator && !suspected)) {
      verbs.push(button("Hold", () => act(path + "/hold", "POST")));
    }
    if (operator || suspected) verbs.push(button("Release", () => act(path + "/release", "POST")));
    if (message.state !== "sent") verbs.push(button("Save as file", () => save(message.id)));
    if (message.state !== "sending") {
      verbs.push(button("Delete", () => {
        if (confirm("Delete this message? It can't be undone.")) act(path, "DELETE");
      }, "danger"));
    }
    $("verbs").replaceChildren(...verbs);
    const facts = {
      "Queue id": message.id, State: message.state, From: message.from || "<>",
      Received: time(message.received) + " from " + message.client
        + (message["authenticated-as"] ? " as " + message["authenticated-as"] : ""),
      Size: size(message.size),
      "Next attempt": time(message["next-attempt"]) || "none",
      Attempts: message["attempt-count"] + (message["possible-duplicate"] ? ", possible duplicate" : ""),
    };
    $("envelope").replaceChildren(...Object.entries(facts).flatMap(
      ([name, value]) => [element("dt", name), element("dd", value)]));
    $("recipients").replaceChildren(...message.recipients.map((one) => {
      const word = element("span");
      word.append(stateWord(one.state), one.reason ? " (" + one.reason + ")" : "");
      return row(one.address, word, [one.egress, one.reply].filter(Boolean).join(": "));
    }));
    $("attempts").replaceChildren(...message.attempts.map((one) => {
      const lost = one["not-carried"].length ? " — not carried: " + one["not-carried"].join(", ") : "";
      const made = row(time(one.at), one.egress, stateWord(one.outcome), one.reply + lost,
        one.seconds.toFixed(2) + " s");
      made.lastChild.className = "number";
      return made;
    }));
    if (!message.attempts.length) {
      const none = row("None yet.");
      none.firstChild.colSpan = 5;
      $("attempts").replaceChildren(none);
    }
  }

  async function save(id) {
    try {
      const answer = await ask("/messages/" + encodeURIComponent(id) + "/raw");
      const link = element("a");
      link.href = URL.createObjectURL(await answer.blob());
      link.download = id + ".eml";
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (refused) {
      tell(refused);
    }
  }

  async function act(path, method) {
    try {
      await ask(path, method);
      if (method === "DELETE") $("detail").close();
      await refresh();
      if (open) await show(open);
    } catch (refused) {
      tell(refused);
    }
  }

  function tell(refused) {
    // 421: under a name that is not this machine's only the token opens the API.
    if (refused instanceof Refused && (refused.status === 401 || refused.status === 421)) {
      $("detail").close();
      $("inside").hidden = true;
      $("login").hidden = false;
      banner(token ? "That was not the token." : "", "warn");
      $("token").focus();
    } else if (refused instanceof Refused) {
      banner(refused.message, "warn");
    } else {
      banner("Postern does not answer.", "bad");
    }
  }

  async function refresh() {
    try {
      const status = await (await ask("/status")).json();
      await messages();
      $("login").hidden = true;
      $("inside").hidden = false;
      showStatus(status);
    } catch (refused) {
      tell(refused);
    }
  }

  $("login").addEventListener("submit", (event) => {
    event.preventDefault();
    token = $("token").value;
    sessionStorage.setItem("token", token);
    $("token").value = "";
    refresh();
  });
  $("filters").addEventListener("submit", (event) => {
    event.preventDefault();
    shown = PAGE_SIZE;
    refresh();
  });
  $("more").addEventListener("click", () => {
    shown += PAGE_SIZE;
    refresh();
  });
  $("flush").addEventListener("click", () => act("/queue/flush", "POST"));
  $("close").addEventListener("click", () => $("detail").close());
  $("detail").addEventListener("close", () => { open = null; });
  setInterval(() => {
    if (!document.hidden && !$("inside").hidden) refresh();
  }, REFRESH_MILLIS);
  refresh();
})();
