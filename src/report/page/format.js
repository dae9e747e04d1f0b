// Numbers for people. A metric that is a share (accuracy and the like) is shown in percent; the data say which.
"use strict";

const D = JSON.parse(document.getElementById("data").textContent);
const isNumber = v => typeof v === "number" && Number.isFinite(v);
const plural = (n, word) => `${commas(n)} ${word}${n === 1 ? "" : "s"}`;

function commas(n) {
  return isNumber(n) ? Math.round(n).toLocaleString("en-US") : "–";
}

/** 0.97931 -> "0.9793", 41234 -> "41,234", 1.2e-7 -> "1.2e-7". */
function plain(v, digits = 4) {
  if (v === null || v === undefined) return "–";
  if (typeof v !== "number") return String(v);
  if (!Number.isFinite(v)) return "–";
  if (Number.isInteger(v) && Math.abs(v) < 1e15) return v.toLocaleString("en-US");
  const size = Math.abs(v);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return v.toExponential(2).replace("e+", "e");
  if (size >= 1000) return v.toLocaleString("en-US", {maximumFractionDigits: 1});
  return String(Number(v.toPrecision(digits)));
}

const isShare = metric => D.shares.includes(metric);
const unit = metric => (isShare(metric) ? " %" : /_ms$/.test(metric) ? " ms" : /seconds$/.test(metric) ? " s" : "");
const label = metric => metric.replace(/_ms$/, "").replaceAll("_", " ");
const axis = metric => label(metric) + (unit(metric) ? ` [${unit(metric).trim()}]` : "");
const scaled = (metric, v) => (isNumber(v) ? (isShare(metric) ? 100 * v : v) : null);

function value(metric, v, digits = 2) {
  if (!isNumber(v)) return "–";
  if (isShare(metric)) return `${(100 * v).toFixed(digits)} %`;
  return plain(v) + unit(metric);
}

/** "98.2 % [97.4, 98.9]". */
function interval(metric, i, digits = 2) {
  if (!i || !isNumber(i.estimate)) return "–";
  const one = v => (isShare(metric) ? (100 * v).toFixed(digits) : plain(v));
  const bounds = isNumber(i.lo) && isNumber(i.hi) && i.lo < i.hi ? ` [${one(i.lo)}, ${one(i.hi)}]` : "";
  return `${one(i.estimate)}${unit(metric)}${bounds}`;
}

function rho(i) {
  return i && isNumber(i.estimate) ? `${i.estimate.toFixed(2)} [${i.lo.toFixed(2)}, ${i.hi.toFixed(2)}]` : "–";
}

function duration(s) {
  if (!isNumber(s)) return "–";
  if (s < 0.01) return `${plain(1000 * s, 2)} ms`;
  if (s < 10) return `${plain(s, 2)} s`;
  if (s < 100) return `${s.toFixed(0)} s`;
  if (s < 6000) return `${Math.floor(s / 60)} min ${String(Math.round(s % 60)).padStart(2, "0")} s`.replace("60 s", "59 s");
  if (s < 48 * 3600) return `${(s / 3600).toFixed(1)} h`;
  return `${(s / 86400).toFixed(1)} days`;
}

function deviceHours(s) {
  if (!isNumber(s)) return "–";
  const h = s / 3600;
  return h >= 100 ? commas(h) : h >= 1 ? h.toFixed(1) : h >= 0.001 ? h.toFixed(3) : h >= 0.0001 ? h.toFixed(4) : plain(h, 2);
}

function trialName(id) {
  return id < 0 ? "baseline" : `trial ${id}`;
}

/** el("p", {class: "sub"}, "text", child): texts are never read as HTML. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, v] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), v);
    else if (v !== null && v !== undefined && v !== false) node.setAttribute(key, v);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
  return node;
}

/** Rows are arrays of texts or nodes; columns are {label, number, wide}. */
function table(columns, rows, options = {}) {
  const cell = (tag, c, content) => el(tag, {class: c.number ? "n" : c.wide ? "w" : null}, content);
  return el("div", {class: "scroll"}, el("table", {},
    el("thead", {}, el("tr", {}, columns.map(c => cell("th", c, c.label)))),
    el("tbody", {}, rows.map((row, i) =>
      el("tr", {class: options.strong && options.strong(i) ? "strong" : null}, row.map((v, j) => cell("td", columns[j], v)))))));
}

function select(options, chosen, onchange) {
  return el("select", {onchange: e => onchange(e.target.value)},
    options.map(o => el("option", {value: o.value, selected: o.value === chosen ? "" : null}, o.label)));
}
