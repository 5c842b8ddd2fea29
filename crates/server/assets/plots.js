// Plots of the history of pilots, drawn from the numbers that the page names. Drag to zoom, double-click for all of it; the
// address holds what is shown.
(() => {
  "use strict";
  const box = document.getElementById("plots");
  if (!box || !window.uPlot) return;
  const AGAIN = 15000;
  const SHORTEST = 600;
  const HEIGHT = 200;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const two = (n) => String(n).padStart(2, "0");
  const utc = (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");
  const moment = (seconds) => {
    if (seconds == null) return "–";
    const at = new Date(seconds * 1000);
    const day = at.getUTCFullYear() + "-" + two(at.getUTCMonth() + 1) + "-" + two(at.getUTCDate());
    return day + " " + two(at.getUTCHours()) + ":" + two(at.getUTCMinutes()) + " UTC";
  };
  const spanOf = (seconds) => (seconds < 3600 ? seconds / 60 + " min" : seconds / 3600 + " h");
  const grouped = (value) => (value == null ? "–" : value.toLocaleString("en").replaceAll(",", "\u202f"));
  const note = document.createElement("p");
  note.className = "plot-note";
  note.setAttribute("role", "status");
  // What is drawn, as the page says it: a live update changes it, so it is read each time.
  const section = document.getElementById("history");
  const sources = () => section.dataset.plots;
  let plots = [];
  let last = null;
  let tried = "";
  let at = 0;

  // --- The address: a zoom is a place to go back from.
  const go = (change) => {
    const url = new URL(location);
    change(url.searchParams);
    if (url.href === location.href) return;
    history.pushState(null, "", url);
    document.getElementById("live").dispatchEvent(new CustomEvent("refresh"));
  };
  const inAddress = (seconds) => new Date(Math.round(seconds) * 1000).toISOString().slice(0, 19) + "Z";
  const zoomTo = (from, until) => {
    const middle = (from + until) / 2;
    const half = Math.max(until - from, SHORTEST) / 2;
    go((asked) => { asked.set("from", inAddress(middle - half)); asked.set("until", inAddress(middle + half)); });
  };
  const whole = () => go((asked) => { asked.delete("from"); asked.delete("until"); });
  addEventListener("popstate", () => document.getElementById("live").dispatchEvent(new CustomEvent("refresh")));

  // --- Lines: of what the page is about, full; of what lies beside it, dashed, then dotted.
  const DASHES = [[], [6, 4], [2, 3]];
  const BORDERS = ["solid", "dashed", "dotted"];
  const stepped = uPlot.paths.stepped({ align: 1 });
  const bars = uPlot.paths.bars({ size: [0.9, 40], align: 1 });
  const series = ({ name }, nth, label, tone, more) => ({
    label: name ? label + ", " + name : label, value: (_, value) => grouped(value), stroke: colour(tone), width: 1.5,
    points: { show: false }, paths: stepped, dash: DASHES[nth], border: BORDERS[nth], ...(nth === 0 && more),
  });
  // What the box has inside of its padding.
  const room = () => {
    const { paddingLeft, paddingRight } = getComputedStyle(box);
    return Math.max(240, box.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight));
  };
  const axes = () => {
    const axis = { stroke: colour("ink-3"), font: "12px system-ui, sans-serif", grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
    const count = { ...axis, size: 56, values: (_, marks) => marks.map((mark) => (mark == null || mark % 1 ? "" : grouped(mark))) };
    const days = "{YYYY}-{MM}-{DD}";
    const hours = "{HH}:{mm}";
    const time = [[86400 * 28, "{YYYY}-{MM}", null, null, null, null, null, null, 1], [86400, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1], [60, hours, "\n" + days, null, "\n{MM}-{DD}", null, null, null, 1]];
    return [{ ...axis, values: time }, count];
  };
  const options = (title, lines) => ({
    title, width: room(), height: HEIGHT, tzDate: utc, series: [{ label: "Time", value: (_, value) => moment(value) }, ...lines],
    axes: axes(), scales: { y: { range: (_, low, high) => [0, Math.max(1, high * 1.05)] } },
    cursor: { sync: { key: "pilots" }, drag: { x: true, y: false }, bind: { dblclick: () => whole } },
    legend: { live: true, markers: { dash: (plot, i) => plot.series[i].border } }, padding: [null, 24, null, null],
    hooks: { setSelect: [(plot) => { const { left, width } = plot.select; if (width > 0) zoomTo(plot.posToVal(left, "x"), plot.posToVal(left + width, "x")); }] },
  });
  // Spans that are narrower than a bar can be seen are put together: levels as they end, numbers summed.
  const BAR = 3;
  const spans = (history, width) => {
    const least = (history.start.length * BAR) / width;
    const by = [1, 2, 5, 10, 15, 30, 60].find((count) => count >= least) ?? Math.ceil(least);
    const first = history.start.findIndex((at) => (at / history.span_s) % by === 0);
    if (by === 1 || first < 0) return history;
    const groups = (values, join) => {
      const joined = first > 0 ? [join(values.slice(0, first))] : [];
      for (let i = first; i < values.length; i += by) joined.push(join(values.slice(i, i + by)));
      return joined;
    };
    const known = (values) => values.filter((value) => value != null);
    const sum = (values) => (known(values).length ? known(values).reduce((all, value) => all + value, 0) : null);
    const end = (values) => known(values).pop() ?? null;
    const { pending, running, started, done, fault } = history;
    return {
      span_s: history.span_s * by, start: groups(history.start, (at) => at[0]), pending: groups(pending, end), running: groups(running, end),
      started: groups(started, sum), done: groups(done, sum), fault: groups(fault, sum),
    };
  };
  // The same spans of another time or thing; what it does not tell is not drawn.
  const over = (first, other, back) => {
    const place = (start) => Math.floor((start - back - other.start[0]) / other.span_s);
    const moved = (values) => first.start.map((start) => values[place(start)] ?? null);
    const { pending, running, started, done, fault } = other;
    return {
      span_s: first.span_s, start: first.start, pending: moved(pending), running: moved(running), started: moved(started), done: moved(done),
      fault: moved(fault),
    };
  };
  const draw = (lines, told) => {
    const first = told[0].history;
    const all = told.map(({ history }, nth) => spans(nth ? over(first, history, lines[nth].back_s) : first, room()));
    const filled = (name) => ({ fill: colour(name) + "22" });
    const bar = (name, more) => ({ paths: bars, fill: colour(name) + more, width: 0 });
    const levels = lines.flatMap((line, nth) => [
      series(line, nth, "On their way", "created-fill"),
      series(line, nth, "On nodes", "running-fill", filled("running-fill")),
    ]);
    const flows = lines.flatMap((line, nth) => [
      series(line, nth, "Started", "running-fill"),
      series(line, nth, "Done", "done-fill", bar("done-fill", "99")),
      series(line, nth, "Fault", "fault-fill", bar("fault-fill", "cc")),
    ]);
    // The last span is as wide as the others: lines go on to its end, and a bar has its place.
    const { start, span_s } = all[0];
    const times = start.length ? [...start, start.at(-1) + span_s] : [];
    const set = (lines, numbers) => [times, ...numbers.map((values, i) => [...values, lines[i].paths === bars ? null : values.at(-1)])];
    const sets = [
      ["Pilots", set(levels, all.flatMap(({ pending, running }) => [pending, running])), levels],
      ["Starts and ends in " + spanOf(span_s), set(flows, all.flatMap(({ started, done, fault }) => [started, done, fault])), flows],
    ];
    if (plots.length) {
      plots.forEach((plot, i) => plot.setData(sets[i][1], !isZoomed(plot)));
      return;
    }
    box.replaceChildren();
    plots = sets.map(([title, numbers, lines]) => {
      const figure = document.createElement("figure");
      figure.setAttribute("role", "img");
      figure.setAttribute("aria-label", title + ", plotted over time; the words above tell the sums");
      box.append(figure);
      return new uPlot(options(title, lines), numbers, figure);
    });
    box.append(note);
  };
  const isZoomed = (plot) => {
    const all = plot.data[0];
    const { min, max } = plot.scales.x;
    return all.length > 1 && (min > all[0] || max < all[all.length - 1]);
  };
  const clear = () => { plots.forEach((plot) => plot.destroy()); plots = []; };

  const numbersOf = async ({ source }) => {
    const answer = await fetch(source, { headers: { accept: "application/json" }, cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    return answer.text();
  };
  const load = async (force) => {
    const asked = sources();
    if (document.hidden || (!force && asked === tried && Date.now() - at < AGAIN)) return;
    tried = asked;
    at = Date.now();
    try {
      const texts = await Promise.all(JSON.parse(asked).map(numbersOf));
      if (asked !== sources()) return;
      if (asked !== last?.asked) clear();
      if (!plots.length || texts.join() !== last.texts.join()) {
        last = { asked, texts };
        redraw();
      }
      note.textContent = "";
    } catch (error) {
      note.textContent = "The numbers of the plots could not be read; trying again.";
      if (!note.isConnected) box.append(note);
    }
  };
  const redraw = () => { if (last) draw(JSON.parse(last.asked), last.texts.map((text) => JSON.parse(text))); };
  dark.addEventListener("change", () => { clear(); redraw(); });
  let width = box.clientWidth;
  new ResizeObserver(() => {
    if (box.clientWidth === width) return;
    width = box.clientWidth;
    plots.forEach((plot) => plot.setSize({ width: room(), height: HEIGHT }));
  }).observe(box);
  document.addEventListener("htmx:afterSettle", () => load(false));
  document.addEventListener("visibilitychange", () => load(false));
  setInterval(() => load(false), AGAIN);
  load(true);

  // --- Names of others to compare with, while one is typed.
  const field = document.querySelector("#compare input[name=with]");
  if (!field) return;
  const offered = document.getElementById(field.getAttribute("list"));
  field.addEventListener("input", async () => {
    const typed = field.value.trim();
    if (!typed) return;
    const answer = await fetch("/pilotage/v1/find?q=" + encodeURIComponent(typed.split("/").pop() || typed), { headers: { accept: "application/json" } });
    if (!answer.ok || typed !== field.value.trim()) return;
    const { hits } = await answer.json();
    const names = hits.filter(({ kind }) => kind === field.dataset.kind).map(({ factory, name }) => (factory ? factory + "/" + name : name));
    offered.replaceChildren(...names.map((name) => new Option(name, name)));
  });
})();
