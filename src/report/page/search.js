// The section of the search: its curve, metrics against each other, learning curves, parameters, limits. How a trial counts
// (D.search.standing) is said by the data, nothing is decided here.
"use strict";

/** What trials are judged by: the first objective, where there are soft limits less their penalties. */
function judged() {
  const key = trials.has("value") ? "value" : trials.metric(objective.metric);
  return {key, metric: key === "value" ? null : objective.metric, title: axis(objective.metric) + (key === "value" ? ", after soft limits" : "")};
}

/** ", 2 epochs" where trials of several fidelities stand side by side. */
const fidelityOf = i => (D.search.levels > 1 ? `, ${plural(trials.column("epochs")[i], "epoch")}` : "");

function searchCurve() {
  const c = colours(), score = judged(), id = trials.column("trial"), y = trials.column(score.key), state = trials.column("state");
  const good = id.map((_, i) => i).filter(i => isNumber(y[i]) && standing[i]);
  const bad = thinned(id.map((_, i) => i).filter(i => ["failed", "infeasible"].includes(state[i]) && !standing[i]));
  const at = v => scaled(objective.metric, v), best = D.search.running_best, last = id.length ? id[id.length - 1] : 0;
  const record = best.length ? [...best, [Math.max(last, best.at(-1)[0]), best.at(-1)[1]]] : [];
  const range = focusRange(good.map(i => at(y[i])), objective.maximise);
  const lowest = range ? range[0] : Math.min(...good.map(i => at(y[i])));
  const reason = trials.column("reason"), failure = trials.column("failure"), limits = limitLines({y: {metric: score.metric, values: good.map(i => at(y[i]))}});
  return {traces: [
    ...trialTraces(good, standing, i => ({x: id[i], y: at(y[i]), customdata: fidelityOf(i)}), "trial %{x}: %{y:.2f}%{customdata}<extra></extra>", i => front.has(id[i])),
    ...(record.length ? [{type: "scatter", mode: "lines", name: "best so far", x: record.map(p => p[0]), y: record.map(p => at(p[1])), line: {shape: "hv", color: c.orange, width: 2.4}, hoverinfo: "skip"}] : []),
    ...(bad.length ? [{type: "scatter", mode: "markers", name: "failed", x: bad.map(i => id[i]), y: bad.map(() => (Number.isFinite(lowest) ? lowest : 0)), cliponaxis: false,
      marker: {symbol: "x", size: 8, color: c.grey}, customdata: bad.map(i => safe(`${failure[i] || state[i]}: ${reason[i] || ""}`).slice(0, 120)),
      hovertemplate: "trial %{x} %{customdata}<extra></extra>"}] : []), ...limits.legend],
    layout: {shapes: limits.shapes, xaxis: {title: {text: "trial number"}}, yaxis: {title: {text: score.title}, ...(range ? {range} : {})}}};
}

function frontCard() {
  const metrics = [...trials.keys("metric", true), "seconds"], first = trials.metric(objective.metric);
  const start = second ? trials.metric(second.metric) : metrics.includes("parameters") ? "parameters" : "seconds";
  const limited = (D.constraints ? D.constraints.list : []).map(l => trials.metric(l.metric)).find(m => m !== first && metrics.includes(m));
  const view = {x: !second && limited ? limited : metrics.includes(start) ? start : metrics.find(m => m !== first) || first, y: first};
  const goal = metric => D.objectives.find(o => o.metric === metric);
  const build = () => {
    const c = colours(), id = trials.column("trial"), x = trials.column(view.x), y = trials.column(view.y);
    const name = {x: trials.labelOf(view.x), y: trials.labelOf(view.y)};
    const rows = id.map((_, i) => i).filter(i => standing[i] && isNumber(x[i]) && isNumber(y[i]));
    const chosen = rows.filter(i => front.has(id[i])).sort((a, b) => x[a] - x[b]);
    const point = i => ({x: scaled(name.x, x[i]), y: scaled(name.y, y[i]), customdata: id[i] + fidelityOf(i)});
    const place = list => { const p = list.map(point); return {x: p.map(q => q.x), y: p.map(q => q.y), customdata: p.map(q => q.customdata)}; };
    const hover = `trial %{customdata}<br>${safe(label(name.y))} %{y:,.4~g}<br>${safe(label(name.x))} %{x:,.4~g}<extra></extra>`;
    const isFront = D.objectives.length > 1 && goal(name.x) && goal(name.y) && name.x !== name.y;
    const positive = rows.every(i => x[i] > 0);
    const wide = positive && rows.length && Math.max(...rows.map(i => x[i])) > 8 * Math.min(...rows.map(i => x[i]));
    const finalists = D.full ? rows.filter(i => D.full.finalists.some(f => f.trial === id[i])) : [];
    const places = {x: {metric: name.x, values: rows.map(i => scaled(name.x, x[i])), log: wide}, y: {metric: name.y, values: rows.map(i => scaled(name.y, y[i]))}};
    const limits = limitLines(name.x === name.y ? {y: places.y} : places);
    const range = focusRange(rows.filter(comparing).map(i => scaled(name.y, y[i])), !goal(name.y) || goal(name.y).maximise);
    return {traces: [
      ...trialTraces(rows, standing, point, hover),
      {type: "scatter", mode: isFront ? "lines+markers" : "markers", name: D.objectives.length > 1 ? "Pareto front" : "best", ...place(chosen), hovertemplate: hover, marker: {size: 9, color: c.orange},
       line: {color: c.orange, width: 1.4, shape: goal(name.x) && goal(name.x).maximise ? "vh" : "hv"}},
      ...(finalists.length ? [{type: "scatter", mode: "markers", name: "trained in full", ...place(finalists), hovertemplate: hover,
        marker: {size: 15, color: "rgba(0,0,0,0)", line: {color: c.green, width: 2}}}] : []), ...limits.legend],
      layout: {shapes: limits.shapes, xaxis: {title: {text: axis(name.x)}, ...(wide ? logAxis(rows.map(i => scaled(name.x, x[i]))) : {})}, yaxis: {title: {text: axis(name.y)}, ...(range ? {range} : {})}}};
  };
  const options = metrics.map(m => ({value: m, label: label(trials.labelOf(m))}));
  return chartCard("chart-front", {title: D.objectives.length > 1 ? "Pareto front" : "Two metrics", size: "half", tall: true, hint: "Every finished trial; any two metrics can be set against each other.",
    controls: redraw => [el("label", {}, "across", select(options, view.x, v => { view.x = v; redraw(); })),
                         el("label", {}, "up", select(options, view.y, v => { view.y = v; redraw(); }))]}, build);
}

/** The limits on metrics, and how many trials keep each. */
function constraintsCard() {
  if (!D.constraints) return null;
  const rows = D.constraints.list.map(l => [label(l.metric), l.bounds, el("span", {class: "tag " + (l.hard ? "act" : "info")}, l.hard ? "hard" : `soft, weight ${plain(l.weight)}`),
    l.of ? `${commas(l.kept)} of ${commas(l.of)}` + (l.unmeasured ? ` (${commas(l.unmeasured)} did not measure it)` : "") : "–"]);
  return card("", "Constraints", el("p", {class: "hint"}, D.constraints.text),
    table([{label: "metric"}, {label: "limit"}, {label: "kind"}, {label: "kept by, of the trials that can be compared", number: true}], rows));
}

function curvesChart() {
  const c = colours(), best = new Set(D.search.curves.filter(x => x.top).map(x => x.trial));
  const line = (x, colour, width) => ({type: "scatter", mode: x.steps.length > 1 ? "lines" : "markers", x: x.steps, y: x.values.map(v => scaled(objective.metric, v)),
    showlegend: false, line: {color: colour, width}, marker: {color: colour}, hovertemplate: `trial ${x.trial}, epoch %{x}: %{y:.2f}<extra></extra>`});
  const all = [...D.search.curves.filter(x => !best.has(x.trial)).map(x => line(x, clear(c.grey), 1)), ...D.search.curves.filter(x => best.has(x.trial)).map(x => line(x, c.blue, 1.8))];
  const range = focusRange(D.search.curves.flatMap(x => x.values.map(v => scaled(objective.metric, v))), objective.maximise);
  return {traces: all, layout: {xaxis: {title: {text: "epoch"}, ...(D.search.epochs <= 12 ? {dtick: 1} : {})}, yaxis: {title: {text: axis(objective.metric)}, ...(range ? {range} : {})}}};
}

/** Score against one parameter; within a value the points are spread a little so that they can be seen. */
function parameterCard() {
  const names = trials.keys("parameter");
  if (!names.length) return null;
  const view = {name: D.search.strongest || names[0]};
  const build = () => {
    const c = colours(), score = judged(), v = trials.column(view.name), y = trials.column(score.key), id = trials.column("trial");
    const rows = id.map((_, i) => i).filter(i => standing[i] && isNumber(y[i]) && v[i] !== null && v[i] !== undefined);
    const values = [...new Set(rows.map(i => v[i]))].sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b))));
    const range = focusRange(rows.filter(comparing).map(i => scaled(objective.metric, y[i])), objective.maximise);
    const continuous = values.length > 12 && rows.every(i => typeof v[i] === "number");
    const positive = rows.every(i => v[i] > 0);
    const place = i => (continuous ? v[i] : values.indexOf(v[i]) + (((i * 0.618034) % 1) - 0.5) * 0.36), x = rows.map(place), limits = limitLines({y: {metric: score.metric, values: rows.map(i => scaled(objective.metric, y[i]))}});
    const median = values.map(w => { const s = rows.filter(i => v[i] === w && standing[i] === "compared").map(i => y[i]).sort((a, b) => a - b); return s.length ? scaled(objective.metric, s[Math.floor((s.length - 1) / 2)]) : null; });
    return {traces: [
      ...trialTraces(rows, standing, i => ({x: place(i), y: scaled(objective.metric, y[i]), customdata: [id[i], safe(plain(v[i])), fidelityOf(i)]}),
        "trial %{customdata[0]}: %{customdata[1]}, %{y:.2f}%{customdata[2]}<extra></extra>", i => front.has(id[i])),
      ...(continuous ? [] : [{type: "scatter", mode: "markers", name: "median", x: values.map((_, i) => i), y: median, hovertemplate: "median %{y:.2f}<extra></extra>",
        marker: {symbol: "line-ew", size: 34, line: {color: c.orange, width: 2.6}}}]), ...limits.legend],
      layout: {shapes: limits.shapes, xaxis: {title: {text: view.name}, ...(continuous ? {...(positive && Math.max(...x) > 30 * Math.min(...x) ? logAxis(x) : {})} :
        {tickvals: values.map((_, i) => i), ticktext: values.map(w => `${safe(plain(w))}<br>n = ${rows.filter(i => v[i] === w && comparing(i)).length}`)})},
        yaxis: {title: {text: score.title}, ...(range ? {range} : {})}}};
  };
  return chartCard("chart-parameter", {title: "Score against one parameter", size: "half", tall: true,
    hint: "Other parameters vary along: an association in the trials made, not an effect by itself.",
    controls: redraw => [el("label", {}, "parameter", select(trials.columns.filter(c => c.group === "parameter").map(c => ({value: c.key, label: c.label})), view.name, x => { view.name = x; redraw(); }))]}, build);
}

function durationChart() {
  const c = colours(), s = trials.column("seconds").filter(isNumber);
  return {traces: [{type: "histogram", x: s, marker: {color: clear(c.blue), line: {color: c.blue, width: 1}}, nbinsx: 30, hovertemplate: "%{x} s: %{y}<extra></extra>"}],
    layout: {showlegend: false, bargap: 0.04, xaxis: {title: {text: "seconds per trial"}}, yaxis: {title: {text: "trials"}}}};
}

function search() {
  if (!trials || !trials.count) return [gap("search")];
  return [grid(constraintsCard(),
    chartCard("chart-search", {title: "Search curve", size: "", hint: D.search.curve_text,
      foot: trials.count > 4000 && "More than 4,000 trials: charts draw an even part of them, all of the front and the true running best."}, searchCurve),
    frontCard(), parameterCard(),
    D.search.curves.length && chartCard("chart-curves", {title: "Learning curves", size: "half", hint: D.search.curves_text}, curvesChart),
    trials.column("seconds").some(isNumber) && chartCard("chart-durations", {title: "Time per trial", size: "half",
      hint: "From start to end of a trial's measurements, waiting for a shared processor included."}, durationChart))];
}
