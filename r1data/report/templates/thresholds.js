(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("panel-data").textContent);
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const element = (name) => document.querySelector(`[data-panel="${name}"]`);
  const numbers = new Intl.NumberFormat("en-US");
  const low = bytes(data.fixed), high = bytes(data.fixed_high);
  const dials = data.dials.map((dial, place) => ({
    ...dial,
    bins: bytes(dial.bins),
    now: dial.at,
    input: document.querySelector(`[data-dial="${place}"]`),
    card: document.querySelector(`[data-card="${place}"]`),
  }));

  // Which rows are rejected, and why, with the thresholds at `stops`. 255 stands for a row without the measure.
  const decide = (stops) => {
    const masks = new Uint16Array(data.rows), causes = new Uint8Array(data.rows);
    for (let row = 0; row < data.rows; row++) {
      masks[row] = low[row] | (high[row] << 8);
      causes[row] = masks[row] ? 1 : 0;
    }
    const beyond = dials.map((dial, place) => {
      const {bins, below} = dial, stop = stops[place], bit = 1 << dial.reason, found = [];
      for (let row = 0; row < data.rows; row++) {
        if (below ? bins[row] <= stop : bins[row] > stop && bins[row] !== 255) {
          masks[row] |= bit;
          causes[row]++;
          found.push(row);
        }
      }
      return found;
    });
    const first = new Array(data.first.length).fill(0);
    let kept = 0;
    for (const mask of masks) {
      if (mask) first[31 - Math.clz32(mask & -mask)]++;
      else kept++;
    }
    return {
      kept, first,
      beyond: beyond.map((rows) => rows.length),
      alone: beyond.map((rows) => rows.filter((row) => causes[row] === 1).length),
    };
  };

  const present = decide(dials.map((dial) => dial.at));
  // What the tables count, and the sample's difference scaled to all rows.
  const scaled = (exact, before, after) => exact + Math.round((after - before) * data.total / data.rows);
  const change = (difference) => difference === 0 ? "" : (difference > 0 ? "+" : "−") + numbers.format(Math.abs(difference));

  const command = (moved) => {
    if (data.command === null) {
      return moved.length ? ["selection:", ...moved.map((dial) => `  ${dial.key}: ${dial.settings[dial.now]}`)].join("\n") : "";
    }
    return [data.command, ...moved.map((dial) => `--set selection.${dial.key}=${dial.settings[dial.now]}`)].join(" ");
  };

  const show = () => {
    const then = decide(dials.map((dial) => dial.now));
    const kept = scaled(data.kept, present.kept, then.kept);
    element("kept").textContent = numbers.format(kept);
    element("yield").textContent = `${(100 * kept / data.total).toFixed(1)}%`;
    element("change").textContent = change(kept - data.kept) || "as decided";
    element("change").dataset.sign = Math.sign(kept - data.kept);
    data.first.forEach((count, place) => {
      const line = document.querySelector(`[data-reason="${place}"]`);
      if (!line) return;
      const after = scaled(count, present.first[place], then.first[place]);
      line.querySelector("[data-then]").textContent = numbers.format(after);
      line.querySelector("[data-change]").textContent = change(after - count);
      line.hidden = count === 0 && after === 0;
    });
    dials.forEach((dial, place) => {
      const card = dial.card, label = dial.labels[dial.now];
      card.classList.toggle("moved", dial.now !== dial.at);
      const beyond = card.querySelector("[data-beyond]");
      if (beyond) beyond.textContent = numbers.format(scaled(dial.beyond, present.beyond[place], then.beyond[place]));
      card.querySelector("[data-alone]").textContent = numbers.format(scaled(dial.alone, present.alone[place], then.alone[place]));
      if (dial.input.type === "checkbox") return;
      card.querySelector("[data-setting]").textContent = label;
      dial.input.setAttribute("aria-valuetext", label);
      card.querySelector("[data-line]").style.left = `${100 * (dial.now + 1) / (dial.labels.length + 1)}%`;
      const edge = 100 * (dial.now + 1) / (dial.labels.length + 1);
      const shade = card.querySelector("[data-shade]");
      shade.style.left = dial.below ? "0" : `${edge}%`;
      shade.style.width = dial.below ? `${edge}%` : `${100 - edge}%`;
    });
    const moved = dials.filter((dial) => dial.now !== dial.at);
    element("command").textContent = command(moved);
    element("commands").hidden = moved.length === 0;
    element("reset").disabled = moved.length === 0;
  };

  const read = (dial) => dial.input.type === "checkbox" ? (dial.input.checked ? 0 : 1) : Number(dial.input.value);
  const place = (dial) => {
    if (dial.input.type === "checkbox") dial.input.checked = dial.now === 0;
    else dial.input.value = dial.now;
  };
  for (const dial of dials) {
    dial.input.disabled = false;
    place(dial); // a browser that reloads the page keeps what was moved
    dial.input.addEventListener("input", () => {
      dial.now = read(dial);
      show();
    });
  }
  element("reset").addEventListener("click", () => {
    for (const dial of dials) {
      dial.now = dial.at;
      place(dial);
    }
    show();
  });
  element("copy").addEventListener("click", () => {
    const range = document.createRange();
    range.selectNodeContents(element("command"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    if (navigator.clipboard) navigator.clipboard.writeText(element("command").textContent).catch(() => {});
  });
  show();
})();
