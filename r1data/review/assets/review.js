// The page of r1data review. It shows one sample at a time, has the next ones ready, and sends decisions in the order
// in which they were made. Texts of models reach it as HTML that the server has cleaned; everything else is set as text.
(() => {
  "use strict";
  const AHEAD = 5;
  const KEEP_EVERY = 45000, RETRY_EVERY = 2000;
  const at = (id) => document.getElementById(id);
  const policy = window.trustedTypes ? trustedTypes.createPolicy("review", {createHTML: (html) => html}) : null;
  const state = {about: null, queue: [], shown: null, mode: "read", view: "rendered", sending: Promise.resolve(), unsent: 0,
    leaving: new Set(),
    fetching: false, over: false, drafts: new Map(), unsound: null};

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "text") element.textContent = value;
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  };
  const html = (element, made) => {
    element.innerHTML = policy ? policy.createHTML(made) : made;
    return element;
  };
  const number = (value) => new Intl.NumberFormat("en-US", {maximumFractionDigits: 3}).format(value);
  const percent = (share) => share === null ? "–" : `${Math.round(100 * share)}%`;

  // --- talking to the server ---------------------------------------------------------------------------------------

  class Refused extends Error {}
  const ask = async (what, told = {}) => {
    const answer = await fetch(`/api/${what}`, {
      method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(told),
    });
    const type = answer.headers.get("Content-Type") || "";
    if (answer.ok) return answer.json();
    const said = type.startsWith("application/json") ? await answer.json() : {error: await answer.text()};
    throw Object.assign(new Refused([said.error, said.remedy].filter(Boolean).join(": ")), {status: answer.status});
  };
  const pause = (time) => new Promise((done) => setTimeout(done, time));
  // A decision is sent until the server has it, or says no; the next one waits for that.
  const send = (what, told) => {
    state.unsent++;
    saved();
    const sent = state.sending.then(async () => {
      for (;;) {
        try {
          const said = await ask(what, told);
          banner(null);
          return said;
        } catch (error) {
          if (error instanceof Refused && error.status < 500) {
            banner(error.message);
            return null;
          }
          banner("The server does not answer; what you decide is kept here and sent again. Do not close this page.");
          await pause(RETRY_EVERY);
        }
      }
    });
    state.sending = sent.then(() => {}, () => {});
    return sent.finally(() => { state.unsent--; saved(); });
  };
  // What this page has: also what was decided here and is not yet known to be saved, so that it is not given out again.
  const holding = () => [...new Set([...[state.shown, ...state.queue].filter(Boolean).map((sheet) => sheet.key), ...state.leaving])];
  const fill = async () => {
    if (state.fetching || state.queue.length >= AHEAD) return;
    state.fetching = true;
    try {
      const before = state.queue.length;
      const said = await ask("next", {holding: holding(), count: AHEAD + 1 - before});
      for (const sheet of said.sheets) {
        if (!holding().includes(sheet.key)) state.queue.push(sheet);
      }
      for (const sheet of state.queue) sheet.node = sheet.node || built(sheet);
      state.over = said.sheets.length === 0;
      figures(said.counts);
      if (state.shown === null) advance();
    } catch (error) {
      banner(error instanceof Refused ? error.message : "The server does not answer.");
      if (!(error instanceof Refused)) setTimeout(fill, RETRY_EVERY);
    } finally {
      state.fetching = false;
    }
    if (!state.over && state.queue.length < AHEAD) fill();
  };

  // --- what is shown -----------------------------------------------------------------------------------------------

  const banner = (text) => {
    at("banner").textContent = text || "";
    at("banner").hidden = !text;
  };
  const saved = () => {
    at("unsaved").hidden = state.unsent === 0;
    at("unsaved").textContent = `saving ${state.unsent}`;
  };
  const status = (text) => { at("status").textContent = text; };
  const figures = (counts) => {
    const done = counts.samples - counts.pending;
    at("progress").setAttribute("aria-valuemax", counts.samples);
    at("progress").setAttribute("aria-valuenow", done);
    at("progress").firstElementChild.style.width = `${counts.samples ? 100 * done / counts.samples : 100}%`;
    const second = counts.second_due ? ` · ${number(counts.second_done)}/${number(counts.second_due)} read twice` : "";
    at("figures").textContent = `${number(done)} of ${number(counts.samples)}${second}`;
    state.counts = counts;
  };
  const piece = (sheet, place, part) => {
    const body = html(make("div", {class: "text"}), part.html);
    if (!part.more) return [body];
    const more = make("button", {type: "button", class: "more", text: `show all of it as plain text (${number(part.more)} more characters)`});
    more.addEventListener("click", async () => {
      const said = await ask("whole", {key: sheet.key, place});
      html(body, said.html);
      more.remove();
    });
    return [body, more];
  };
  const block = (title, kind, ...children) => make("section", {class: `block ${kind}`}, make("h2", {text: title}), ...children);
  const aside = (title, ...children) => make("section", {class: "block"}, make("h2", {text: title}), ...children);

  const built = (sheet) => {
    const left = make("div");
    sheet.turns.forEach((turn, place) => {
      const last = place === sheet.turns.length - 1;
      left.append(block(last ? "question" : turn.role, last ? "question" : "", ...piece(sheet, String(place), turn)));
    });
    const texts = make("div", {"data-view": "rendered"});
    if (sheet.reasoning) texts.append(block("reasoning", "thought", ...piece(sheet, "reasoning", sheet.reasoning)));
    texts.append(sheet.answer ? block("solution", "", ...piece(sheet, "answer", sheet.answer))
      : block("solution", "", make("div", {class: "text soft", text: "There is none."})));
    left.append(texts);
    if (sheet.changed) {
      const beside = make("div", {class: "beside", "data-view": "changed"});
      for (const [place, title] of [["before", "before rewriting"], ["after", "after"]]) {
        const [body, more] = piece(sheet, place, sheet.changed[place]);
        body.classList.add("plain");
        beside.append(block(title, "", body, more || null));
      }
      left.append(beside);
    }
    return make("article", {class: "sample", "data-key": sheet.key}, left, side(sheet));
  };
  const outcomes = {correct: "good", incorrect: "bad", no_answer: "bad"};
  const side = (sheet) => {
    const made = make("aside");
    if (sheet.reading === 2) made.append(make("section", {class: "block"}, make("p", {class: "why", text: "Second reading: somebody else has decided on this one."})));
    if (sheet.earlier.length) {
      const list = make("ul");
      for (const row of sheet.earlier) list.append(make("li", {text: [row.reviewer, row.action, row.reason, row.note].filter(Boolean).join(" · ")}));
      made.append(aside("two readers disagree: yours is the last word", list));
    }
    if (sheet.why) made.append(make("section", {class: "block"}, make("p", {class: "why", text: sheet.why})));
    const verdicts = sheet.verdicts.map((one) => make("div", {class: "verdict"},
      make("span", {class: `pill ${outcomes[one.outcome] || "warn"}`, text: one.outcome.replace("_", " ")}),
      ` ${one.by}`, one.found === null ? null : make("div", {text: `found: ${one.found}`}),
      one.detail ? make("div", {class: "soft", text: one.detail}) : null));
    if (sheet.expected !== null) verdicts.push(make("div", {class: "verdict", text: `expected: ${sheet.expected}`}));
    if (!sheet.verdicts.length) verdicts.push(make("div", {class: "verdict soft", text: "No verifier has judged it."}));
    made.append(aside("verdicts", ...verdicts));
    if (sheet.changed) made.append(aside("rewriting", make("div", {class: "verdict", text: `${percent(sheet.changed.share)} of the words are those of the original`})));
    const hidden = Object.entries(sheet.hidden);
    if (hidden.length) {
      made.append(aside("hidden characters", make("div", {class: "verdict"},
        make("span", {class: "pill warn", text: hidden.map(([code, count]) => `${code} ×${number(count)}`).slice(0, 8).join("  ")}))));
    }
    const near = sheet.gauges.filter((gauge) => gauge.way), rest = sheet.gauges.filter((gauge) => !gauge.way);
    const list = make("ul", {class: "gauges"}, ...near.slice(0, 6).map(gauged));
    if (!near.length) list.append(make("li", {class: "soft", text: "nothing near a threshold"}));
    const others = make("details", {}, make("summary", {text: "all measures"}), make("ul", {class: "gauges"}, ...near.slice(6).map(gauged), ...rest.map(gauged)));
    made.append(aside("measures", list, others));
    const facts = make("dl");
    for (const [name, value] of sheet.facts) facts.append(make("dt", {text: name}), make("dd", {text: value}));
    facts.append(make("dt", {text: "characters"}), make("dd", {text: number(sheet.characters)}));
    facts.append(make("dt", {text: "id"}), make("dd", {text: (sheet.part ? `${sheet.part}/` : "") + sheet.id.slice(0, 12)}));
    made.append(aside("where it comes from", facts));
    return made;
  };
  const gauged = (gauge) => make("li", {title: gauge.means},
    make("span", {text: gauge.name}),
    make("span", {class: "soft", text: `${number(gauge.value)} ${gauge.side === "below" ? "≥" : gauge.side === "from" ? "<" : "≤"} ${number(gauge.limit)}`}),
    gauge.way === null ? null : make("meter", {min: 0, max: 1, low: 0.5, high: 0.8, optimum: 0, value: gauge.way}));

  // What comes after is fetched and built once this one can be seen, so that nobody waits for it.
  const advance = () => {
    state.shown = state.queue.shift() || null;
    show();
    if (state.queue.length) requestAnimationFrame(() => setTimeout(fill));
    else fill();
  };
  const show = () => {
    const sheet = state.shown;
    mode("read");
    at("note").value = "";
    if (sheet === null) {
      at("main").replaceChildren(state.over ? ending() : make("p", {class: "empty soft", text: "One moment."}));
      return;
    }
    sheet.node = sheet.node || built(sheet);
    at("main").replaceChildren(sheet.node);
    at("main").scrollTop = 0;
    view(sheet.changed ? state.view : "rendered");
  };
  const view = (wanted) => {
    for (const part of at("main").querySelectorAll("[data-view]")) part.hidden = part.dataset.view !== wanted;
  };
  const ending = () => make("div", {class: "empty"},
    make("h2", {text: "There is nothing left for you to read."}),
    make("p", {class: "soft", text: `${number(state.counts.pending)} of ${number(state.counts.samples)} are not decided: others have them, or they were skipped.`}),
    make("button", {type: "button", "data-do": "again", text: "look again"}), " ",
    make("button", {type: "button", "data-do": "sign_off", text: "sign off…"}));

  // --- what one can do -----------------------------------------------------------------------------------------------

  const decide = (action, more = {}) => {
    const sheet = state.shown;
    if (sheet === null) return;
    const told = {key: sheet.key, reading: sheet.reading, action, note: at("note").value || null, ...more};
    const name = sheet.id.slice(0, 8);
    state.leaving.add(sheet.key);
    advance();
    status(`${name} ${action}${more.reason ? `: ${more.reason.replace("_", " ")}` : ""}`);
    send("decide", told).finally(() => state.leaving.delete(sheet.key)).then((said) => {
      if (said === null) return;
      figures(said.counts);
      if (said.graded) status(`${name} edited · ${verdictOf(said.graded)}`);
    });
  };
  const verdictOf = (graded) => {
    const outcome = graded.outcome === null ? "no rule can check it" : graded.outcome.replace("_", " ");
    return graded.findings.length ? `${outcome} · ${graded.findings.join(", ")}` : `${outcome} · nothing is wrong with it`;
  };
  const undo = async () => {
    status("undoing…");
    const said = await send("undo", {});
    if (said === null || said.sheet === null) return status("nothing to undo");
    figures(said.counts);
    if (state.shown !== null) state.queue.unshift(state.shown);
    state.queue = state.queue.filter((sheet) => sheet.key !== said.sheet.key);
    state.shown = said.sheet;
    show();
    status(`${said.sheet.id.slice(0, 8)}: taken back`);
  };
  const edit = async () => {
    const sheet = state.shown;
    if (sheet === null) return;
    mode("edit");
    at("editor-said").replaceChildren();
    state.unsound = null;
    const hidden = Object.entries(sheet.hidden).map(([code, count]) => `${code} ×${count}`);
    at("editor-hidden").textContent = hidden.length ? `Hidden characters in it: ${hidden.slice(0, 8).join(", ")}.` : "";
    const box = at("editor-text");
    box.value = state.drafts.has(sheet.key) ? state.drafts.get(sheet.key) : "";
    if (!state.drafts.has(sheet.key)) {
      box.disabled = true;
      try {
        const said = await ask("text", {key: sheet.key});
        if (state.shown === sheet && state.mode === "edit") box.value = said.text;
      } catch (error) {
        banner(error.message);
      }
      box.disabled = false;
    }
    box.focus();
    box.setSelectionRange(0, 0);
  };
  const save = async () => {
    const sheet = state.shown, text = at("editor-text").value;
    if (state.unsound === text) return decide("edited", {text});
    at("editor-said").textContent = "checking…";
    let graded;
    try {
      graded = await ask("check", {key: sheet.key, text});
    } catch (error) {
      at("editor-said").textContent = error.message;
      return;
    }
    if (state.shown !== sheet || state.mode !== "edit") return;
    if (!graded.findings.length) return decide("edited", {text});
    state.unsound = text;
    const list = make("ul", {}, ...graded.findings.map((finding) => make("li", {text: finding})));
    at("editor-said").replaceChildren(
      make("b", {text: `${graded.outcome === null ? "" : `${graded.outcome.replace("_", " ")}. `}Like this it will not be in the dataset:`}), list,
      graded.detail ? make("p", {class: "soft", text: graded.detail}) : null || "",
      make("p", {class: "soft", text: "Change it, or press Ctrl+Enter again to save it all the same."}));
  };
  const leave = () => {
    if (state.mode === "edit" && state.shown) state.drafts.set(state.shown.key, at("editor-text").value);
    mode("read");
  };
  const mode = (wanted) => {
    state.mode = wanted;
    at("editor").hidden = wanted !== "edit";
    at("panel").hidden = wanted !== "panel";
    at("note-box").hidden = wanted !== "note" && !at("note").value;
    keys();
    if (wanted === "note") at("note").focus();
    else if (wanted === "panel") at("panel").focus();
    else if (wanted !== "edit") at("main").focus({preventScroll: true});
  };
  const button = (doing, key, text, kind = "") => make("button", {type: "button", "data-do": doing, class: kind}, make("kbd", {text: key}), ` ${text}`);
  const keys = () => {
    const reasons = state.about ? Object.entries(state.about.reasons) : [];
    const rows = {
      read: () => [button("approve", "a", "approve", "good"), button("edit", "e", "edit"), button("reject", "r", "reject", "bad"),
        button("skip", "s", "skip"), button("undo", "u", "undo"), button("note", "n", "note"),
        state.shown && state.shown.changed ? button("changes", "d", state.view === "changed" ? "rendered" : "differences") : null],
      reject: () => [...reasons.map(([reason, means], place) => make("button", {type: "button", "data-do": "reason", "data-reason": reason, title: means},
        make("kbd", {text: place + 1}), ` ${reason.replace("_", " ")}`)), button("close", "Esc", "not after all")],
      edit: () => [button("save", "Ctrl+Enter", "check and save", "good"), button("close", "Esc", "leave it")],
      note: () => [button("close", "Enter", "done")],
      panel: () => [button("close", "Esc", "close")],
    };
    at("keys").replaceChildren(...rows[state.mode]().filter(Boolean));
  };
  const help = () => {
    const rows = [["a", "approve"], ["e", "edit the reply; Ctrl+Enter checks and saves"], ["r, then 1 to 9", "reject, with a reason"],
      ["s", "skip: leave it to somebody else"], ["u", "take your last decision back"], ["n", "add a note to the next decision"],
      ["d", "rendered, or before and after rewriting"], ["j, k, space", "scroll"], ["g", "progress and agreement"], ["?", "this"]];
    at("panel").replaceChildren(make("h2", {text: "Keys"}), make("table", {}, ...rows.map(([key, means]) => make("tr", {}, make("td", {}, make("kbd", {text: key})), make("td", {text: means})))),
      make("h2", {text: "Reasons to reject"}), make("table", {}, ...Object.entries(state.about.reasons).map(([reason, means], place) =>
        make("tr", {}, make("td", {}, make("kbd", {text: place + 1})), make("td", {text: reason.replace("_", " ")}), make("td", {class: "soft", text: means})))));
    mode("panel");
  };
  const agreement = async () => {
    await state.sending;
    const said = await ask("agreement");
    figures(said.counts);
    const {counts} = said, {kept, table} = said.agreement;
    const rows = [["samples", counts.samples], ...Object.entries(counts.actions), ["not decided", counts.pending],
      ["read twice", `${number(counts.second_done)} of ${number(counts.second_due)}`], ["readers disagree", counts.contested]];
    const cell = (value) => make("td", {class: typeof value === "number" ? "number" : "", text: typeof value === "number" ? number(value) : value});
    const actions = Object.keys(table);
    const kappa = kept.value === null ? (kept.pairs ? "Kappa says nothing: only one answer was ever given." : "Nobody has read anything twice yet.")
      : `Cohen's kappa of keeping or rejecting: ${kept.value.toFixed(2)}, between ${kept.low.toFixed(2)} and ${kept.high.toFixed(2)} (95%), over ${number(kept.pairs)} samples read twice; ${percent(kept.observed)} alike.`;
    at("panel").replaceChildren(
      make("h2", {text: "Progress"}), make("table", {}, ...rows.map(([name, value]) => make("tr", {}, make("td", {text: name}), cell(value)))),
      make("h2", {text: "Readers"}), make("table", {}, ...Object.entries(counts.readers).map(([name, value]) => make("tr", {}, make("td", {text: name}), cell(value)))),
      make("h2", {text: "Agreement"}), make("p", {id: "kappa", text: kappa}),
      make("table", {}, make("tr", {}, make("th", {text: "first reader"}), ...actions.map((action) => make("th", {text: `second ${action}`}))),
        ...actions.map((first) => make("tr", {}, make("td", {text: first}), ...actions.map((second) => cell(table[first][second]))))),
      make("h2", {text: "Sign-off"}), make("p", {text: signed(said.signed)}), make("button", {type: "button", "data-do": "sign_off", text: "sign off…"}));
    mode("panel");
  };
  const signed = (last) => last === null ? "Nobody has signed off." : !last.signed ? `${last.reviewer} has taken the sign-off back.`
    : last.current ? `Signed off by ${last.reviewer}, ${last.at}.` : `${last.reviewer} signed off at ${last.at}, but what another recipe or other prompts made: this has not been signed off.`;
  const signOff = async () => {
    await state.sending;
    const left = state.counts.pending;
    at("panel").replaceChildren(make("h2", {text: "Sign off?"}),
      make("p", {text: left ? `${number(left)} of ${number(state.counts.samples)} samples are not decided. Where the recipe requires a review, they stay out of the dataset.` : "Every sample of this plan is decided."}),
      make("p", {class: "soft", text: "A flow that waits for this review goes on."}),
      make("button", {type: "button", "data-do": "signed", class: "good", text: "yes, sign off"}), " ", make("button", {type: "button", "data-do": "close", text: "no"}));
    mode("panel");
  };
  const signNow = async () => {
    const said = await send("sign_off", {signed: true});
    mode("read");
    if (said !== null) status(said.said);
  };

  const actions = {
    approve: () => decide("approved"), edit, reject: () => state.shown && mode("reject"), skip: () => decide("skipped"), undo,
    note: () => mode("note"), help, agreement, close: leave, save, sign_off: signOff, signed: signNow,
    changes: () => { state.view = state.view === "changed" ? "rendered" : "changed"; show(); },
    again: () => { state.over = false; fill(); },
  };
  const READ = {a: "approve", e: "edit", r: "reject", s: "skip", u: "undo", n: "note", d: "changes", g: "agreement", "?": "help"};
  const scroll = (lines) => at("main").scrollBy({top: 40 * lines});

  document.addEventListener("click", (event) => {
    const pressed = event.target.closest("[data-do]");
    if (!pressed) return;
    if (pressed.dataset.do === "reason") decide("rejected", {reason: pressed.dataset.reason});
    else actions[pressed.dataset.do]();
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (state.mode === "edit") {
      if (event.key === "Escape") leave();
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
      else {
        state.unsound = null;
        return;
      }
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (state.mode === "note") {
      if (event.key === "Enter" || event.key === "Escape") {
        event.preventDefault();
        leave();
      }
      return;
    }
    if (state.mode === "panel" || state.mode === "reject") {
      const place = Number(event.key) - 1;
      const reasons = Object.keys(state.about.reasons);
      if (event.key === "Escape") leave();
      else if (state.mode === "reject" && place >= 0 && place < reasons.length && !event.repeat) decide("rejected", {reason: reasons[place]});
      else return;
      event.preventDefault();
      return;
    }
    if (event.key === "j" || event.key === "k") return scroll(event.key === "j" ? 3 : -3);
    const doing = READ[event.key];
    // A key that is held down must not decide on sample after sample.
    if (!doing || event.repeat || (doing === "changes" && !(state.shown && state.shown.changed))) return;
    event.preventDefault();
    actions[doing]();
  });
  addEventListener("beforeunload", (event) => { if (state.unsent) event.preventDefault(); });
  setInterval(() => { if (!document.hidden || state.shown) ask("keep", {holding: holding()}).catch(() => {}); }, KEEP_EVERY);

  ask("about").then((about) => {
    state.about = about;
    at("workspace").textContent = about.workspace;
    document.title = `${about.workspace} · r1data review`;
    at("plan").textContent = about.plan.replace("_", " ");
    at("reviewer").textContent = about.reviewer;
    figures(about.counts);
    show();
    return fill();
  }).catch((error) => banner(error.message));
})();
