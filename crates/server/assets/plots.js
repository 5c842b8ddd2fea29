// Plots of the history of pilots, drawn from the numbers that the page names. Drag to zoom, double-click for all of it.
(() => {
  "use strict";
  const box = document.getElementById("plots");
  if (!box || !window.uPlot) return;
  const AGAIN = 15000;
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
  const whole = (value) => (value == null ? "–" : value.toLocaleString("en").replaceAll(",", "\u202f"));
  const note = document.createElement("p");
  note.className = "plot-note";
  note.setAttribute("role", "status");
  let plots = [];
  let last = "";
  let at = 0;

  const series = (label, name, more) => ({
    label, value: (_, value) => whole(value), stroke: colour(name), width: 1.5, points: { show: false }, ...more,
  });
  const stepped = uPlot.paths.stepped({ align: 1 });
  const bars = uPlot.paths.bars({ size: [0.9, 40], align: 1 });
  const axes = () => {
    const axis = { stroke: colour("ink-3"), font: "12px system-ui, sans-serif", grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
    const count = { ...axis, size: 56, values: (_, marks) => marks.map((mark) => (mark == null || mark % 1 ? "" : whole(mark))) };
    const days = "{YYYY}-{MM}-{DD}";
    const hours = "{HH}:{mm}";
    const time = [[86400 * 28, "{YYYY}-{MM}", null, null, null, null, null, null, 1], [86400, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1], [60, hours, "\n" + days, null, "\n{MM}-{DD}", null, null, null, 1]];
    return [{ ...axis, values: time }, count];
  };
  const options = (title, lines) => ({
    title, width: Math.max(240, box.clientWidth), height: HEIGHT, tzDate: utc, series: [{ label: "Time", value: (_, value) => moment(value) }, ...lines],
    axes: axes(), scales: { y: { range: (_, low, high) => [0, Math.max(1, high * 1.05)] } },
    cursor: { sync: { key: "pilots" }, drag: { x: true, y: false } }, legend: { live: true },
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
    const sum = (values) => values.reduce((all, value) => all + value, 0);
    const end = (values) => values[values.length - 1];
    const { pending, running, started, done, fault } = history;
    return {
      span_s: history.span_s * by, start: groups(history.start, (at) => at[0]), pending: groups(pending, end), running: groups(running, end),
      started: groups(started, sum), done: groups(done, sum), fault: groups(fault, sum),
    };
  };
  const draw = ({ history: told }) => {
    const history = spans(told, box.clientWidth);
    const span = spanOf(history.span_s);
    const filled = (name) => ({ fill: colour(name) + "22" });
    const sets = [
      ["Pilots", [history.pending, history.running], [series("On their way", "created-fill", { paths: stepped }), series("On nodes", "running-fill", { paths: stepped, ...filled("running-fill") })]],
      ["Starts and ends in " + span, [history.started, history.done, history.fault], [
        series("Started", "running-fill", { paths: stepped }),
        series("Done", "done-fill", { paths: bars, fill: colour("done-fill") + "99", width: 0 }),
        series("Fault", "fault-fill", { paths: bars, fill: colour("fault-fill") + "cc", width: 0 }),
      ]],
    ];
    if (plots.length) {
      plots.forEach((plot, i) => plot.setData([history.start, ...sets[i][1]], !isZoomed(plot)));
      return;
    }
    box.replaceChildren();
    plots = sets.map(([title, numbers, lines]) => {
      const figure = document.createElement("figure");
      figure.setAttribute("role", "img");
      figure.setAttribute("aria-label", title + ", plotted over time; the words above tell the sums");
      box.append(figure);
      return new uPlot(options(title, lines), [history.start, ...numbers], figure);
    });
    box.append(note);
  };
  const isZoomed = (plot) => {
    const all = plot.data[0];
    const { min, max } = plot.scales.x;
    return all.length > 1 && (min > all[0] || max < all[all.length - 1]);
  };
  const clear = () => { plots.forEach((plot) => plot.destroy()); plots = []; };

  const load = async (force) => {
    if (document.hidden || (!force && Date.now() - at < AGAIN)) return;
    at = Date.now();
    try {
      const answer = await fetch(box.dataset.plots, { headers: { accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      const text = await answer.text();
      if (text !== last || !plots.length) draw(JSON.parse((last = text)));
      note.textContent = "";
    } catch (error) {
      note.textContent = "The numbers of the plots could not be read; trying again.";
      if (!note.isConnected) box.append(note);
    }
  };
  const redraw = () => { if (last) { clear(); draw(JSON.parse(last)); } };
  dark.addEventListener("change", redraw);
  let width = box.clientWidth;
  new ResizeObserver(() => {
    if (box.clientWidth === width) return;
    width = box.clientWidth;
    plots.forEach((plot) => plot.setSize({ width: Math.max(240, width), height: HEIGHT }));
  }).observe(box);
  document.addEventListener("htmx:afterSettle", () => load(false));
  document.addEventListener("visibilitychange", () => load(false));
  setInterval(() => load(false), AGAIN);
  load(true);
})();
