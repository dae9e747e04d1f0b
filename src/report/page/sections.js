// The sections of the page, in reading order. A stage that has not run leaves a marked gap with the command to run it.
"use strict";

const objective = D.objectives[D.first];
const second = D.objectives.find(o => o !== objective);
const trials = D.search ? new Trials(D.search.table) : null;
const standing = D.search ? D.search.standing : [];
const comparing = i => standing[i] === "compared" || standing[i] === "infeasible";
const front = new Set(D.search ? D.search.front : []);

const stageOf = name => D.stages.find(s => s.name === name);
const gap = name => el("div", {class: "gap"}, stageOf(name).gap);
const note = n => el("div", {class: "note " + n.level}, el("b", {}, n.title), n.text && el("p", {}, n.text));
const grid = (...cards) => el("div", {class: "grid"}, cards.flat().filter(Boolean));
const card = (size, title, ...content) => el("div", {class: "card " + size}, title && el("h3", {}, title), content);

function hero() {
  const h = D.headline;
  return el("div", {class: "hero"},
    el("div", {class: "run"}, `${D.run} · report of ${D.generated}`),
    el("h1", {}, h.sentence.replaceAll(" %", "\u00a0%")),
    h.lead && el("p", {class: "lead"}, h.lead),
    el("div", {class: "figures"}, h.figures.map(f => el("div", {class: "figure"},
      el("div", {class: "label"}, f.label), el("div", {class: "value"}, f.value), el("div", {class: "detail"}, f.detail)))),
    el("div", {class: "steps"}, D.stages.map(s => el("div", {class: "step " + s.state},
      el("b", {}, s.name), s.state + (isNumber(s.seconds) ? ` · ${duration(s.seconds)}` : "")))),
    h.notes.map(note));
}

// ---- result ----

/** What the finalists are scored on. */
function scoredOn() {
  return D.full.untouched ? "untouched validation set" : "in full";
}

/** "trial 3 ★", "baseline (control)". */
function finalistName(f) {
  const role = f.trial < 0 ? " (control)" : f.baseline ? " (the defaults: control)" : "";
  return trialName(f.trial) + role + (f.trial === D.full.winner ? " ★" : "");
}

function finalistTable() {
  const number = text => ({label: text, number: true}), full = D.full;
  const counted = ["parameters", "multiply_adds"].filter(k => !full.metrics.includes(k) && k !== objective.metric && full.finalists.some(f => f[k] > 0));
  const feasible = f => (!Object.keys(f.metrics).length ? "–" : f.broken ? el("span", {class: "tag infeasible", title: f.broken}, "no") : el("span", {class: "tag ok"}, "yes"));
  const columns = [{label: "network"}, number(`${label(objective.metric)}, ${scoredOn()}`), number("seeds"), number("against the baseline"), number("in the search"),
    ...(full.soft ? [number("after soft limits")] : []), ...full.metrics.map(m => number(label(m))), ...counted.map(k => number(label(k))), ...(full.limited ? [{label: "feasible"}] : [])];
  const rows = full.finalists.map(f => [finalistName(f), interval(objective.metric, f.score), String(f.scores.length), f.difference_text,
    f.trial < 0 ? "–" : value(objective.metric, f.search_score), ...(full.soft ? [value(objective.metric, f.value)] : []),
    ...full.metrics.map(m => value(m, f.metrics[m])), ...counted.map(k => commas(f[k])), ...(full.limited ? [feasible(f)] : [])]);
  const broken = full.finalists.filter(f => f.broken).map(f => `${trialName(f.trial)} (${f.broken})`);
  return [table(columns, rows, {strong: i => full.finalists[i].trial === full.winner}),
    broken.length && el("p", {class: "foot"}, `Breaks a constraint: ${broken.join("; ")}.`)];
}

/** Colour and shape of a finalist: the control is a diamond, what breaks a constraint is hollow and points down. */
function finalistLook(f) {
  const c = colours();
  return {color: f.broken ? c.red : f.baseline ? c.grey : f.trial === D.full.winner ? c.orange : c.blue,
          symbol: (f.baseline ? "diamond" : f.broken ? "triangle-down" : "circle") + (f.broken ? "-open" : "")};
}

/** Legend entries of what is drawn otherwise. */
function finalistLegend() {
  const entries = [["winner", f => f.trial === D.full.winner && !f.broken], ["control", f => f.baseline && !f.broken], ["breaks a constraint", f => f.broken && !f.baseline], ["control, breaks a constraint", f => f.broken && f.baseline]];
  return entries.map(([name, fits]) => [name, D.full.finalists.find(fits)]).filter(([, f]) => f)
    .map(([name, f]) => ({type: "scatter", mode: "markers", name, x: [null], y: [null], marker: {size: 10, ...finalistLook(f)}}));
}

function finalistChart() {
  const c = colours(), list = [...D.full.finalists].reverse(), names = list.map(f => trialName(f.trial)), drawn = list.flatMap(f => [...f.scores, f.score.lo, f.score.hi]).map(v => scaled(objective.metric, v));
  const limits = limitLines({x: {metric: objective.metric, values: drawn}});
  const seeds = list.flatMap(f => f.scores.map(s => ({x: scaled(objective.metric, s), y: trialName(f.trial)})));
  return {traces: [
    {type: "scatter", mode: "markers", name: "single seeds", x: seeds.map(s => s.x), y: seeds.map(s => s.y),
     marker: {size: 7, color: "rgba(0,0,0,0)", line: {color: c.grey, width: 1.3}}, hovertemplate: "%{x:.2f}<extra>one seed</extra>"},
    ...list.map((f, i) => ({type: "scatter", mode: "markers", x: [scaled(objective.metric, f.score.estimate)], y: [names[i]], showlegend: false,
      marker: {size: 11, ...finalistLook(f)}, error_x: errorBars(objective.metric, [f.score], finalistLook(f).color),
      hovertemplate: `${safe(interval(objective.metric, f.score))}${f.broken ? "<br>" + safe(f.broken) : ""}<extra>${safe(names[i])}</extra>`})),
    ...finalistLegend(), ...limits.legend],
    layout: {shapes: limits.shapes, xaxis: {title: {text: `${axis(objective.metric)}, ${scoredOn()}`}}, yaxis: {type: "category", gridcolor: "rgba(0,0,0,0)"}}};
}

/** Where stage 1 put the finalists and where stage 2 does. */
function rankChart() {
  const c = colours(), list = D.full.finalists.filter(f => f.trial >= 0);
  const fails = D.full.finalists.filter(f => f.trial < 0);
  const lines = fails.map(f => ({type: "line", xref: "paper", x0: 0, x1: 1, y0: scaled(objective.metric, f.score.estimate),
    y1: scaled(objective.metric, f.score.estimate), line: {color: c.grey, width: 1.2, dash: "dot"}}));
  return {traces: [{type: "scatter", mode: "markers+text", x: list.map(f => scaled(objective.metric, f.search_score)),
    y: list.map(f => scaled(objective.metric, f.score.estimate)), text: list.map(f => `${f.trial}`), textposition: "top right",
    error_y: errorBars(objective.metric, list.map(f => f.score), c.blue), customdata: list.map(f => interval(objective.metric, f.score)),
    marker: {size: 10, color: list.map(f => finalistLook(f).color), symbol: list.map(f => finalistLook(f).symbol)},
    hovertemplate: "trial %{text}<br>search %{x:.2f}<br>full %{customdata}<extra></extra>"}],
    layout: {shapes: lines, showlegend: false, xaxis: {title: {text: `stage 1: ${axis(objective.metric)} in the search`}},
      yaxis: {title: {text: `stage 2: ${axis(objective.metric)}, full training`}},
      annotations: lines.map(l => ({xref: "paper", x: 1, y: l.y0, text: "baseline", showarrow: false, yshift: 8, xanchor: "right", font: {size: 11, color: c.grey}}))}};
}

function result() {
  if (!D.full) return [gap("full")];
  return [grid(
    chartCard("chart-finalists", {title: "Finalists against the baseline", size: "half",
      hint: "Mean over seeds with its 95 % interval; rings are single seeds."}, finalistChart),
    D.full.finalists.some(f => f.trial >= 0) && chartCard("chart-ranks", {title: "Stage 1 against stage 2", size: "half", hint: D.full.rank_text}, rankChart),
    card("", "Finalists", finalistTable(), el("p", {class: "foot"}, D.full.foot)))];
}

// ---- proxy ----

function proxyTrade() {
  const c = colours(), list = D.proxy.candidates;
  return {traces: [
    ...[["rho (Spearman)", "spearman", c.blue, -1], ["tau (Kendall)", "kendall", c.green, 1]].map(([name, key, colour, side]) => ({type: "scatter", mode: "markers", name,
      x: list.map(k => k.speed_up * (1 + 0.012 * side)), y: list.map(k => k[key].estimate),
      error_y: {type: "data", symmetric: false, thickness: 1.6, width: 5, color: colour, array: list.map(k => k[key].hi - k[key].estimate), arrayminus: list.map(k => k[key].estimate - k[key].lo)},
      marker: {size: 10, color: colour, symbol: list.map(k => (k.passes ? "circle" : "circle-open"))}, customdata: list.map(k => [safe(k.name), rho(k[key])]),
      hovertemplate: `%{customdata[0]}<br>${name} %{customdata[1]}<br>%{x:.1f} x cheaper<extra></extra>`}))],
    layout: {shapes: [{type: "line", xref: "paper", x0: 0, x1: 1, y0: D.proxy.agreement_wanted, y1: D.proxy.agreement_wanted, line: {color: c.pink, width: 1.3, dash: "dash"}}],
      annotations: [{xref: "paper", x: 0, xanchor: "left", y: D.proxy.agreement_wanted, yshift: -9, text: "lower bound wanted", showarrow: false, font: {size: 11, color: c.pink}}],
      xaxis: {title: {text: "times cheaper than full training (measured)"}, ...logAxis(list.map(k => k.speed_up))}, yaxis: {title: {text: "rank agreement"}, range: [Math.min(-0.05, ...list.map(k => k.spearman.lo - 0.05)), 1.05]}}};
}

function proxyScatterCard() {
  const view = {index: String(Math.max(0, D.proxy.chosen_index))};
  const build = () => {
    const c = colours(), points = D.proxy.scatter.map((p, i) => ({i, x: p.full, y: p[view.index]})).filter(p => isNumber(p.x) && isNumber(p.y));
    const k = D.proxy.candidates[Number(view.index)];
    return {traces: [{type: "scatter", mode: "markers+text", x: points.map(p => scaled(objective.metric, p.x)), y: points.map(p => scaled(objective.metric, p.y)),
      text: points.map(p => String(p.i)), textposition: "top center", textfont: {size: 10.5, color: css("--soft")}, marker: {size: 9, color: c.blue},
      hovertemplate: "network %{text}<br>full %{x:.2f}<br>proxy %{y:.2f}<extra></extra>"}],
      layout: {showlegend: false, xaxis: {title: {text: `full training: ${axis(objective.metric)}`}}, yaxis: {title: {text: `proxy: ${axis(objective.metric)}`}},
        annotations: [{xref: "paper", yref: "paper", x: 0.02, y: 0.98, xanchor: "left", yanchor: "top", showarrow: false, align: "left", bgcolor: css("--faint"), borderpad: 5,
          text: `rho ${rho(k.spearman)}<br>tau ${rho(k.kendall)}<br>${k.networks} networks`}]}};
  };
  return chartCard("chart-proxy-scatter", {title: "Proxy score against full score", size: "half", hint: "One point per reference network, scored on the search-validation part.",
    controls: redraw => [el("label", {}, "proxy", select(D.proxy.candidates.map((k, i) => ({value: String(i), label: k.name})), view.index, v => { view.index = v; redraw(); }))]}, build);
}

function proxy() {
  if (!D.proxy) return [gap("proxy")];
  const rows = D.proxy.candidates.map((k, i) => [k.name, rho(k.spearman), rho(k.kendall), duration(k.seconds), `${k.speed_up.toFixed(1)} x`, String(k.networks),
    el("span", {class: "tag " + (i === D.proxy.chosen_index ? "ok" : k.passes ? "info" : "act")}, i === D.proxy.chosen_index ? "chosen" : k.passes ? "agrees" : "not sure enough")]);
  return [note({level: D.proxy.chosen ? "ok" : "act", title: D.proxy.verdict, text: D.proxy.text}), grid(
    D.proxy.candidates.length && chartCard("chart-proxy-trade", {title: "Agreement against speed-up", size: "half",
      hint: "Filled: the lower bound of rho reaches what is wanted. Bars: 95 % bootstrap over networks."}, proxyTrade),
    D.proxy.candidates.length && proxyScatterCard(),
    card("", "Candidate proxies", table([{label: "proxy"}, {label: "rho [95 %]", number: true}, {label: "tau [95 %]", number: true}, {label: "device time per network", number: true},
      {label: "cheaper", number: true}, {label: "networks", number: true}, {label: "verdict"}], rows), el("p", {class: "foot"}, D.proxy.foot)))];
}

// ---- baseline and data ----

function baselineCurve() {
  const c = colours(), curve = D.baseline.curve, x = curve.map(r => r.step);
  const losses = Object.keys(curve[0].metrics).filter(k => /loss/.test(k) && k !== objective.metric).slice(0, 2);
  return {traces: [
    {type: "scatter", mode: "lines+markers", name: label(objective.metric), x, y: curve.map(r => scaled(objective.metric, r.metrics[objective.metric])), line: {color: c.blue, width: 2}, marker: {size: 5}},
    ...losses.map((k, i) => ({type: "scatter", mode: "lines", name: label(k), x, y: curve.map(r => r.metrics[k]), yaxis: "y2", line: {color: i ? c.pink : c.orange, width: 1.5, dash: "dot"}}))],
    layout: {xaxis: {title: {text: "epoch"}}, yaxis: {title: {text: axis(objective.metric)}},
      ...(losses.length ? {yaxis2: {zeroline: false, tickmode: "auto", nticks: 6, overlaying: "y", side: "right", showgrid: false, automargin: true, title: {text: "loss", font: {size: 12.5, color: css("--soft")}}, tickfont: {size: 11.5, color: css("--soft")}}} : {})}};
}

function sweepChart() {
  const c = colours(), good = D.baseline.sweep.filter(p => !p.out_of_memory), bad = D.baseline.sweep.filter(p => p.out_of_memory);
  return {traces: [{type: "bar", x: good.map(p => String(p.batch)), y: good.map(p => p.examples_per_second), customdata: good.map(p => 1000 * p.seconds_per_step),
    marker: {color: good.map(p => (p.batch === D.baseline.best_batch ? c.orange : clear(c.blue))), line: {color: good.map(p => (p.batch === D.baseline.best_batch ? c.orange : c.blue)), width: 1}},
    hovertemplate: "batch %{x}: %{y:,.0f} examples/s, %{customdata:.2f} ms per step<extra></extra>"},
    ...(bad.length ? [{type: "bar", x: bad.map(p => String(p.batch)), y: bad.map(() => 0), text: bad.map(() => "out of memory"), textposition: "outside"}] : [])],
    layout: {showlegend: false, bargap: 0.25, xaxis: {type: "category", title: {text: "batch size"}}, yaxis: {title: {text: "training examples per second"}}}};
}

function baseline() {
  if (!D.baseline) return [gap("baseline")];
  const b = D.baseline;
  const facts = [["score, search-validation part", interval(objective.metric, b.score)], ...b.named.map(n => [label(n.metric), value(n.metric, n.value)]),
    D.constraints && D.constraints.list.some(l => l.hard) && ["constraints", b.broken ? `breaks a constraint: ${b.broken}; a control that cannot win` : "keeps them all"],
    !b.named.some(n => n.metric === "parameters") && b.parameters > 0 && ["parameters", commas(b.parameters)], !b.named.some(n => n.metric === "multiply_adds") && b.multiply_adds > 0 && ["multiply-adds per example", commas(b.multiply_adds)],
    ["one full training", duration(b.training_seconds)], b.sweep.length && ["fastest batch size", commas(b.best_batch)]].filter(Boolean);
  return [grid(
    b.curve.length && chartCard("chart-baseline", {title: "Validation curve", size: "half", hint: "The defaults of all domains on the full schedule."}, baselineCurve),
    b.sweep.length && chartCard("chart-sweep", {title: "Batch sizes", size: "half", hint: "Measured training speed of the baseline; the fastest in orange."}, sweepChart),
    card("", "Figures", el("dl", {class: "term"}, facts.flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)]))))];
}

function histogramChart() {
  const c = colours(), h = D.split.histograms, share = list => { const sum = list.reduce((a, b) => a + b, 0); return list.map(n => 100 * n / sum); };
  const bars = [["search training", h.train, c.grey], ["search validation", h.valid, c.blue], ["untouched validation", h.untouched, c.orange]].filter(b => b[1] && b[1].length);
  return {traces: bars.map(([name, list, colour]) => ({type: "bar", name, x: list.map((_, i) => i), y: share(list), customdata: list, marker: {color: colour},
    hovertemplate: `class %{x}: %{y:.1f} % (%{customdata:,})<extra>${name}</extra>`})),
    layout: {barmode: "group", bargap: 0.22, xaxis: {title: {text: "class"}, ...(h.train.length <= 20 ? {dtick: 1} : {})}, yaxis: {title: {text: "share of rows [%]"}}}};
}

function split() {
  if (!D.split) return [gap("split")];
  const s = D.split;
  const rows = [["search training", s.train], ["search validation", s.valid], ["untouched validation", s.untouched]];
  const facts = [...(s.train ? rows.map(([name, count]) => [name, plural(count, "row")]) : []),
    isNumber(s.chi2) && ["search validation against untouched", `chi-square ${plain(s.chi2, 3)}, p ${s.p_value > 0.999 ? "> 0.999" : s.p_value < 0.001 ? "< 0.001" : "= " + plain(s.p_value, 2)}`],
    ["verdict", s.verdict], s.data_hash && ["data (SHA-256)", el("code", {}, s.data_hash.slice(0, 16))]].filter(Boolean);
  return [(s.warnings || []).map(w => note({level: "act", title: w})), grid(
    s.histograms && chartCard("chart-classes", {title: "Classes in the three parts", size: "two-thirds"}, histogramChart),
    card(s.histograms ? "third" : "", "Split", el("dl", {class: s.histograms ? "term narrow" : "term"}, facts.flatMap(([k, v]) => [el("dt", {}, k), el("dd", {}, v)]))))];
}

// ---- cost, failures, hints ----

function planner() {
  const c = D.cost.plan;
  if (!c) return null;
  const view = {trials: c.trials, parallel: c.parallel, seconds: c.mean_trial_seconds}, out = el("p", {});
  const show = () => {
    const hours = view.trials * view.seconds / 3600, days = view.trials / view.parallel * (view.seconds / 3600) / 24;
    const full = c.full_seconds > 0 ? `, as much as ${plain(view.trials * view.seconds / c.full_seconds, 3)} full trainings` : "";
    out.textContent = `Search cost: ${commas(view.trials)} trials x ${duration(view.seconds)} = ${deviceHours(3600 * hours)} device-hours${full}. ` +
      `Days: ${commas(view.trials)} / ${commas(view.parallel)} x ${plain(view.seconds / 3600, 3)} h / 24 = ${plain(days, 3)} days (${duration(86400 * days)}).`;
  };
  const input = (name, key, size) => el("label", {}, name, el("input", {type: "number", min: "0", step: "any", value: key === "seconds" ? view[key].toPrecision(4) : view[key], style: `width:${size}em`,
    oninput: e => { if (Number(e.target.value) > 0) { view[key] = Number(e.target.value); show(); } }}));
  show();
  return card("half", "What the next search would cost", el("p", {class: "hint"}, "Search cost = trials x mean proxy cost; days = trials / parallel x hours per trial / 24. Start values: this run."),
    el("div", {class: "controls"}, input("trials", "trials", 7), input("parallel", "parallel", 5), input("device-seconds per trial", "seconds", 7)), out);
}

function cost() {
  const rows = D.cost.rows.map(r => [r.stage, commas(r.trainings), commas(r.failed), duration(r.mean_seconds), deviceHours(r.device_seconds),
    r.share === null ? "–" : `${(100 * r.share).toFixed(0)} %`, duration(r.wall_seconds), isNumber(r.full_trainings) ? plain(r.full_trainings, 3) : "–"]);
  const t = D.cost.total;
  rows.push(["all", commas(t.trainings), commas(t.failed), "", deviceHours(t.device_seconds), "", duration(t.wall_seconds), isNumber(t.full_trainings) ? plain(t.full_trainings, 3) : "–"]);
  const number = text => ({label: text, number: true});
  return [grid(card("", "Cost by stage", table([{label: "stage"}, number("trainings"), number("failed"), number("mean device time"), number("device-hours"), number("share"), number("elapsed"), number("in full trainings")], rows,
    {strong: i => i === rows.length - 1}), el("p", {class: "foot"}, D.cost.text)), planner(),
    D.failures.length ? card(D.cost.plan ? "half" : "", "Failures by kind", table([{label: "stage"}, {label: "kind"}, {label: "trials", number: true}, {label: "for example", wide: true}],
      D.failures.map(f => [f.stage, el("span", {class: "tag bad"}, f.kind), commas(f.count), `trial ${f.trial}: ${f.reason}`])))
      : card(D.cost.plan ? "half" : "", "Failures by kind", el("p", {}, "No trial failed.")))];
}

function hints() {
  return [D.hints.length ? D.hints.map(note) : el("p", {class: "sub"}, "Nothing stands out: none of the checks below found a reason to change the space."),
    el("p", {class: "foot"}, "Checked: " + D.checked.join("; ") + ".")];
}

function allTrials() {
  if (!trials || !trials.count) return [gap("search")];
  const cut = D.search.table.total > trials.count ? `This page holds ${commas(trials.count)} of ${commas(D.search.table.total)} trials; trials.csv has them all. ` : "";
  return [el("p", {class: "sub"}, cut + `Click a heading to sort.${D.search.levels > 1 ? " By a metric, trials that can be compared stand first, then the lower fidelities." : ""} A filter may hold words and comparisons. ★ marks ${D.objectives.length > 1 ? "the Pareto front" : "the best"}. The same table: trials.csv, trials.json.`),
    card("", null, trialTable(trials, front))];
}

function settings() {
  return [grid(card("", "Do it again", el("p", {class: "hint"}, D.reproduce.text), el("pre", {}, D.reproduce.commands.join("\n"))),
    D.settings && card("", "Settings", el("details", {}, el("summary", {}, "run.toml with every default written out"), el("pre", {}, D.settings))))];
}

const sections = [
  ["result", "Result", "The finalists trained in full on the whole training set and scored on the validation set that no earlier stage has seen.", result],
  ["hints", "For the next space", "What the figures suggest to change before searching again.", hints],
  ["search", "Search", D.search ? D.search.text : "", search],
  ["proxy", "Proxy task", "How well cheap trainings order networks as full training does, against what they were measured to cost.", proxy],
  ["baseline", "Baseline", "", baseline],
  ["data", "Data split", "", split],
  ["cost", "Cost and failures", "", cost],
  ["trials", "All trials", "", allTrials],
  ["settings", "Settings", "", settings],
];

function start() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  document.documentElement.dataset.theme = dark.matches ? "dark" : "light";
  const main = document.getElementById("top"), nav = document.getElementById("nav");
  main.append(hero());
  for (const [id, name, sub, build] of sections) {
    nav.append(el("a", {href: "#" + id}, name));
    main.append(el("section", {id}, el("h2", {}, name), sub && el("p", {class: "sub"}, sub), build()));
  }
  document.getElementById("foot").append(`Made by Assay ${D.version} (${D.revision}) on ${D.host}. Nothing on this page is loaded from elsewhere.` + (D.plotly ? ` Charts: Plotly.js ${D.plotly} (MIT licence), inside this file.` : ""));
  document.getElementById("theme").addEventListener("click", () => setTheme(scheme() === "dark" ? "light" : "dark"));
  dark.addEventListener("change", e => setTheme(e.matches ? "dark" : "light"));
  // Printed on white, whatever the screen shows.
  let before = null;
  window.addEventListener("beforeprint", () => { before = scheme(); if (before === "dark") setTheme("light"); });
  window.addEventListener("afterprint", () => { if (before === "dark") setTheme("dark"); });
  drawAll();
}

start();
