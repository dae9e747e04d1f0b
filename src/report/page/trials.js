// The table of all trials: sorted and filtered here, fifty rows at a time, so that thousands stay quick.
"use strict";

/** A study's trials by columns: {columns: [{key, label, group, kind}], values: [[...], ...]}. */
class Trials {
  constructor(data) {
    this.columns = data.columns;
    this.values = data.values;
    this.count = data.values.length ? data.values[0].length : 0;
  }
  column(key) {
    const at = this.columns.findIndex(c => c.key === key);
    return at < 0 ? new Array(this.count).fill(null) : this.values[at];
  }
  /** The key of a metric's column: another one where the metric is named like a column of the table. */
  metric(name) {
    const found = this.columns.find(c => c.group === "metric" && c.label === name);
    return found ? found.key : name;
  }
  labelOf(key) {
    const found = this.columns.find(c => c.key === key);
    return found ? found.label : key;
  }
  has(key) {
    return this.columns.some(c => c.key === key);
  }
  keys(group, numbers = false) {
    return this.columns.filter(c => c.group === group && (!numbers || c.kind === "number")).map(c => c.key);
  }
}

function cellText(column, v) {
  if (v === null || v === undefined) return "";
  if (column.group === "metric") return value(column.label, v);
  if (column.key === "value") return value(objective.metric, v);
  if (column.kind === "seconds") return duration(v);
  return plain(v);
}

function trialTable(trials, front) {
  const page = 50;
  const state = {sort: null, down: false, text: "", first: 0, rows: [...Array(trials.count).keys()], hidden: new Set(["host", "worker", "origin", "attempt"])};
  const body = el("tbody"), head = el("tr"), where = el("span");
  const back = el("button", {type: "button", onclick: () => turn(-1)}, "‹ back");
  const on = el("button", {type: "button", onclick: () => turn(1)}, "next ›");
  const visible = () => trials.columns.map((c, i) => ({...c, i})).filter(c => !state.hidden.has(c.key));

  /** "act=relu accuracy>0.97 failed": words must occur somewhere, comparisons hold in their column. */
  function matcher(text) {
    const tests = text.trim().toLowerCase().split(/\s+/).filter(Boolean).map(word => {
      const parts = word.match(/^(.+?)(<=|>=|=|<|>)(.*)$/);
      const at = parts ? trials.columns.findIndex(c => c.key.toLowerCase() === parts[1]) : -1;
      if (at < 0) return row => trials.columns.some((c, i) => String(trials.values[i][row] ?? "").toLowerCase().includes(word));
      const [, , relation, right] = parts, limit = Number(right);
      return row => {
        const v = trials.values[at][row];
        if (v === null || v === undefined) return false;
        if (relation === "=") return String(v).toLowerCase() === right || (typeof v === "number" && v === limit);
        return relation === "<" ? v < limit : relation === ">" ? v > limit : relation === "<=" ? v <= limit : v >= limit;
      };
    });
    return row => tests.every(test => test(row));
  }

  function select_rows() {
    const keep = matcher(state.text);
    state.rows = [...Array(trials.count).keys()].filter(keep);
    if (state.sort !== null) {
      const v = trials.values[state.sort], sign = state.down ? -1 : 1, column = trials.columns[state.sort];
      const epochs = trials.column("epochs"), measured = column.group === "metric" || column.key === "value";
      const empty = x => x === null || x === undefined;
      // Scores of different fidelities are not set against each other: those that compare stand first.
      const fidelity = (a, b) => (measured ? comparing(b) - comparing(a) || (comparing(a) ? 0 : (epochs[b] || 0) - (epochs[a] || 0)) : 0);
      state.rows.sort((a, b) => empty(v[a]) - empty(v[b]) || fidelity(a, b) ||
        (empty(v[a]) ? 0 : sign * (typeof v[a] === "number" && typeof v[b] === "number" ? v[a] - v[b] : String(v[a]).localeCompare(String(v[b])))) || a - b);
    }
    state.first = 0;
    show();
  }

  function turn(direction) {
    state.first = Math.max(0, Math.min(state.first + direction * page, Math.floor((state.rows.length - 1) / page) * page));
    show();
  }

  function show() {
    head.replaceChildren(...visible().map(c => el("th", {
      class: c.kind === "text" ? null : "n", scope: "col",
      "aria-sort": state.sort === c.i ? (state.down ? "descending" : "ascending") : null,
      onclick: () => {
        state.down = state.sort === c.i ? !state.down : c.kind !== "text" && c.key !== "trial";
        state.sort = c.i;
        select_rows();
      }}, c.label + (state.sort === c.i ? (state.down ? " ↓" : " ↑") : ""))));
    body.replaceChildren(...state.rows.slice(state.first, state.first + page).map(row => el("tr", {}, visible().map(c => {
      const v = trials.values[c.i][row];
      if (c.key === "mark") return el("td", {}, v && el("span", {class: "tag " + v}, v));
      if (c.key === "state") return el("td", {}, el("span", {class: "tag " + v}, v));
      if (c.key === "trial" && front.has(v)) return el("td", {class: "n"}, el("span", {title: D.objectives.length > 1 ? "on the Pareto front" : "the best"}, "★ "), String(v));
      return el("td", {class: c.kind === "text" ? null : "n"}, cellText(c, v));
    }))));
    const last = Math.min(state.first + page, state.rows.length);
    where.textContent = state.rows.length ? `${commas(state.first + 1)}–${commas(last)} of ${commas(state.rows.length)}` : "no trial fits";
    back.disabled = state.first === 0;
    on.disabled = last >= state.rows.length;
  }

  const extra = ["origin", "attempt", "worker", "host"].filter(k => trials.has(k));
  const toggle = el("label", {}, el("input", {type: "checkbox", onchange: e => {
    extra.forEach(k => (e.target.checked ? state.hidden.delete(k) : state.hidden.add(k)));
    show();
  }}), "origin, attempt, worker, host");
  const filter = el("input", {type: "search", size: 38, placeholder: "filter: relu  accuracy>0.97  state=failed", "aria-label": "Filter trials",
    oninput: e => { state.text = e.target.value; select_rows(); }});
  select_rows();
  return [el("div", {class: "controls"}, filter, toggle),
    el("div", {class: "scroll"}, el("table", {class: "trials"}, el("thead", {}, head), body)),
    el("div", {class: "pager"}, back, on, where)];
}
