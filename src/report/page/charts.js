// Charts in the page's own colours. Each is a function that returns {traces, layout}; it is called again when the colours
// or its own controls change. Without Plotly a line says so and the tables remain.
"use strict";

// Okabe and Ito's palette, told apart by colour-blind readers too; yellow only on dark ground.
const palette = {
  light: {blue: "#0072b2", orange: "#d55e00", green: "#009e73", pink: "#b8629a", sky: "#56b4e9", amber: "#c98a00", grey: "#8c96a6", red: "#a32a1c"},
  dark: {blue: "#56b4e9", orange: "#f0813a", green: "#35c79b", pink: "#dd94c0", sky: "#8fcdf3", amber: "#f0c04c", grey: "#7d899b", red: "#f7907c"},
};
const scheme = () => document.documentElement.dataset.theme || "light";
const colours = () => palette[scheme()];
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const series = () => { const c = colours(); return [c.blue, c.orange, c.green, c.pink, c.amber, c.sky, c.grey]; };

const charts = [];
const clear = colour => colour + "55";

function layoutBase() {
  const line = css("--line"), soft = css("--soft");
  const axisBase = {gridcolor: line, linecolor: line, zeroline: false, automargin: true, ticks: "outside", ticklen: 4,
                    tickcolor: line, tickfont: {size: 11.5, color: soft}, title: {font: {size: 12.5, color: soft}, standoff: 8}};
  return {
    font: {family: getComputedStyle(document.body).fontFamily, size: 12.5, color: css("--ink")},
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: {l: 56, r: 14, t: 10, b: 44},
    xaxis: axisBase, yaxis: axisBase, hovermode: "closest",
    hoverlabel: {bgcolor: css("--card"), bordercolor: line, font: {color: css("--ink"), size: 12.5}, align: "left"},
    modebar: {bgcolor: "rgba(0,0,0,0)", color: clear(css("--soft")), activecolor: css("--ink")},
    legend: {orientation: "h", x: 0, y: 1.02, xanchor: "left", yanchor: "bottom", font: {size: 12, color: soft}},
  };
}

function merged(base, extra) {
  const result = {...base};
  for (const [key, v] of Object.entries(extra || {})) {
    const deep = v && typeof v === "object" && !Array.isArray(v) && base[key] && typeof base[key] === "object";
    result[key] = deep ? merged(base[key], v) : v;
  }
  return result;
}

function drawChart(chart) {
  if (typeof Plotly === "undefined") {
    if (!chart.node.firstChild) chart.node.append(el("div", {class: "none"}, "Plotly was not found when this report was made: no chart here."));
    return Promise.resolve();
  }
  const {traces, layout} = chart.build();
  const config = {responsive: true, displaylogo: false, displayModeBar: "hover", modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
                  toImageButtonOptions: {format: "svg", filename: chart.node.id}};
  return Plotly.react(chart.node, traces, merged(layoutBase(), layout), config);
}

/** A card with a heading, a hint, optional controls and a chart that `build` describes. */
function chartCard(id, options, build) {
  const node = el("div", {class: "chart" + (options.tall ? " tall" : ""), id, role: "img", "aria-label": options.title});
  const chart = {node, build};
  charts.push(chart);
  const card = el("div", {class: "card " + (options.size || "")}, el("h3", {}, options.title),
    options.hint && el("p", {class: "hint"}, options.hint),
    options.controls && el("div", {class: "controls"}, options.controls(() => drawChart(chart))),
    node, options.foot && el("p", {class: "foot"}, options.foot));
  return card;
}

/** Plotly reads sub-tags in hover texts; names from the user's configuration must not become such. */
const safe = text => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");

function errorBars(metric, list, colour) {
  const pad = i => (isNumber(i.lo) && isNumber(i.hi) ? i : {lo: i.estimate, hi: i.estimate});
  return {type: "data", symmetric: false, thickness: 1.6, width: 5, color: colour,
          array: list.map(i => scaled(metric, pad(i).hi - i.estimate)),
          arrayminus: list.map(i => scaled(metric, i.estimate - pad(i).lo))};
}

/** At most `most` of the rows, evenly: charts stay quick with tens of thousands of trials. What `keep` names stays. */
function thinned(rows, keep = () => false, most = 4000) {
  const step = Math.ceil(rows.length / most);
  return step <= 1 ? rows : rows.filter((row, i) => i % step === 0 || keep(row));
}

/**
 * Points of trials, told apart by shape as well as colour: those that compare; those that break a constraint; and, lightly,
 * those measured at another fidelity. `point(i)` gives {x, y, customdata}; groups without a point are left out.
 */
function trialTraces(rows, standing, point, hovertemplate, keep = () => false) {
  const c = colours(), size = rows.length > 500 ? 4 : 7, has = kind => rows.some(i => standing[i] === kind);
  const broken = "breaks a constraint", other = "other fidelity";
  // Shape and colour each have an entry in the legend: light triangles need one of their own only where others lack.
  const names = [!has("below") && other, !has("infeasible") && broken].filter(Boolean);
  const looks = {
    "compared": {name: "trial", marker: {size, color: clear(c.blue), line: {color: c.blue, width: 1}}},
    "infeasible": {name: broken, marker: {symbol: "triangle-down-open", size: size + 1, color: c.red, line: {width: 1.4}}},
    "below": {name: other, opacity: 0.7, marker: {symbol: "circle-open", size: size - 1, color: c.grey, line: {width: 1}}},
    "below infeasible": {name: names.join(", "), showlegend: names.length > 0, opacity: 0.7, marker: {symbol: "triangle-down-open", size: size - 1, color: c.grey, line: {width: 1}}},
  };
  return ["below infeasible", "below", "infeasible", "compared"].map(kind => [kind, thinned(rows.filter(i => standing[i] === kind), keep)])
    .filter(([, list]) => list.length).map(([kind, list]) => {
      const points = list.map(point);
      return {type: "scatter", mode: "markers", ...looks[kind], x: points.map(p => p.x), y: points.map(p => p.y), customdata: points.map(p => p.customdata), hovertemplate};
    });
}

/** Whether a line at `at` may be drawn: not so far from the values that it would press them together. */
function isNear(at, values, log) {
  const to = v => (log ? Math.log(v) : v), known = values.filter(isNumber);
  if (!known.length || (log && at <= 0)) return !known.length;
  const lo = to(Math.min(...known)), hi = to(Math.max(...known)), room = hi - lo || Math.abs(hi) || 1;
  return to(at) >= lo - room && to(at) <= hi + room;
}

/**
 * Lines where a shown metric has a threshold or a limit: {shapes, legend}. `shown`: {x: {metric, values, log}, y: ...}, either
 * may be missing; `values` as drawn. What lies far outside has its entry in the legend alone.
 */
function limitLines(shown) {
  const c = colours(), shapes = [], legend = [], all = D.constraints ? D.constraints.list : [];
  const limited = place => place && all.some(l => l.metric === place.metric), both = limited(shown.x) && limited(shown.y);
  const add = (a, at, line, name) => {
    const near = isNear(at, shown[a].values, shown[a].log), text = near ? name : name + " (outside)";
    if (near) shapes.push({type: "line", line, ...(a === "x" ? {x0: at, x1: at, yref: "paper", y0: 0, y1: 1} : {y0: at, y1: at, xref: "paper", x0: 0, x1: 1})});
    if (!legend.some(l => l.name === text)) legend.push({type: "scatter", mode: "lines", name: text, x: [null], y: [null], line});
  };
  for (const [a, {metric}] of Object.entries(shown)) {
    const goal = D.objectives.find(o => o.metric === metric);
    if (goal && isNumber(goal.threshold)) add(a, scaled(metric, goal.threshold), {color: c.pink, width: 1.3, dash: "dash"}, "threshold");
    for (const limit of all.filter(l => l.metric === metric)) {
      const line = {color: c.red, width: 1.6, dash: limit.hard ? "solid" : "dot"}, kind = limit.hard ? "limit" : "soft limit";
      for (const bound of [limit.at_least, limit.at_most].filter(isNumber)) add(a, scaled(metric, bound), line, both ? kind : `${kind}: ${safe(limit.bounds)}`);
    }
  }
  return {shapes, legend};
}

/** The axis range that shows the bulk: outliers below (or above, for "min") do not squeeze the rest. */
function focusRange(values, maximise) {
  const sorted = values.filter(isNumber).sort((a, b) => a - b);
  if (sorted.length < 8) return null;
  const at = q => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(q * (sorted.length - 1))))];
  const spread = at(0.75) - at(0.25) || at(0.9) - at(0.1);
  if (!spread) return null;
  const lo = maximise ? Math.max(sorted[0], at(0.25) - 3 * spread) : sorted[0];
  const hi = maximise ? sorted.at(-1) : Math.min(sorted.at(-1), at(0.75) + 3 * spread);
  if (lo === sorted[0] && hi === sorted.at(-1)) return null;
  return [lo - 0.06 * (hi - lo), hi + 0.06 * (hi - lo)];
}

/** A logarithmic axis with ticks at 1, 2, 5 x 10^n, written out; a plain one if no value has a logarithm. */
function logAxis(values) {
  const positive = values.filter(v => Number.isFinite(v) && v > 0);
  if (!positive.length) return {};
  const lo = Math.min(...positive), hi = Math.max(...positive), ticks = [];
  const steps = hi / lo > 300 ? [1] : hi / lo > 4 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8];
  for (let n = Math.floor(Math.log10(lo)) - 1; n <= Math.ceil(Math.log10(hi)); n++) {
    for (const s of steps) ticks.push(s * 10 ** n);
  }
  const short = v => (v >= 1e9 ? `${plain(v / 1e9)} G` : v >= 1e6 ? `${plain(v / 1e6)} M` : v >= 1e4 ? `${plain(v / 1e3)} k` : plain(v));
  return {type: "log", tickvals: ticks, ticktext: ticks.map(short)};
}

function drawAll() {
  return Promise.all(charts.map(drawChart)).then(() => {
    // For the test in a headless browser: what was drawn, and what went wrong.
    const drawn = charts.filter(c => c.node.querySelector(".main-svg")).map(c => c.node.id);
    const root = document.documentElement.dataset;
    root.charts = charts.map(c => c.node.id).join(" ");
    root.drawn = drawn.join(" ");
    root.errors = window.reportErrors.join(" | ");
  });
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  return drawAll();
}
