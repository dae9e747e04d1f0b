// The table itself, and looking things up in it.
#include "config/settings.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace assay::config {
namespace {

constexpr auto I = KeyClass::identity;
constexpr auto J = KeyClass::judging;
constexpr auto L = KeyClass::limit;
constexpr auto S = KeyClass::site;

// clang-format off
constexpr Setting table[] = {
    {"run.name", Type::text, "\"run\"", S, "name of the run and of its folder, runs/<name>; default: the name of the file"},
    {"run.seed", Type::integer, "1", I, "all random streams derive from it", 0},

    {"data.format", Type::text, "", I, "how the files are read; external: your own trainer reads them", {}, {}, "idx|cifar|csv|images|external"},
    {"data.train", Type::path, "", S, "training file, list of files, or folder of class folders (images)"},
    {"data.train_labels", Type::path, "", S, "labels of the training images (idx)"},
    {"data.valid", Type::path, "", S, "validation data, untouched until full-train-topk"},
    {"data.valid_labels", Type::path, "", S, "labels of the validation images (idx)"},
    {"data.shape", Type::integers, "", I, "[channels, height, width] of a row, e.g. [1, 8, 8]", 1, 65536},
    {"data.task", Type::text, "\"auto\"", I, "auto: regression if the target has many different, non-integer numbers", {}, {}, "auto|classification|regression"},
    {"data.target", Type::text, "\"\"", I, "target column by name or 0-based number; empty: the last (csv)", {}, {}, "", false, false, false, true},
    {"data.header", Type::text, "\"auto\"", I, "whether the first line names the columns (csv)", {}, {}, "auto|yes|no"},
    {"data.categorical", Type::texts, "[]", I, "columns to take as categories, besides those with text (csv)", {}, {}, "", false, false, false, true},
    {"data.ignore", Type::texts, "[]", I, "columns to leave out, such as ids (csv)", {}, {}, "", false, false, false, true},
    {"data.delimiter", Type::text, "\",\"", I, "one character between fields (csv)"},
    {"data.group", Type::text, "\"\"", I, "column whose equal values stay together in the split", {}, {}, "", false, false, false, true},
    {"data.label", Type::text, "\"\"", I, "label column of the items (external)", {}, {}, "", false, false, false, true},
    {"data.id", Type::text, "\"\"", I, "id column of the items (external)", {}, {}, "", false, false, false, true},
    {"data.external", Type::flag, "false", I, "same as format = \"external\""},
    {"data.items", Type::path, "", S, "one line per training item, with header: id, label, group (external)"},
    {"data.sha256", Type::free, "", S, "expected checksums, file name = \"hash\""},

    {"split.share", Type::number, "0.10", I, "share of the training set that the search validates on", 0, 0.5, "", false, true},

    {"model", Type::free, "", I, "network: input shape and blocks; values may be search domains"},
    {"define.*", Type::free, "", I, "a named block for { use = \"name\" }"},
    {"params.model", Type::free, "", I, "free keys for an external trainer: architecture"},
    {"params.training", Type::free, "", I, "free keys for an external trainer: training"},
    {"params.augment", Type::free, "", I, "free keys for an external trainer: augmentation"},
    {"params.*", Type::free, "", I, "a free key without a role: it counts as training, and stands beside the roles in ASSAY_PARAMS"},
    {"space.import", Type::path, "", I, "NNI's search_space.json: its parameters join [params.<role>]"},
    {"space.role", Type::text, "", I, "what imported parameters are; default: training", {}, {}, "model|training|augment"},

    {"training.epochs", Type::integer, "30", I, "passes over the training data, full schedule", 1, 1000000, "", true},
    {"training.batch_size", Type::integer, "128", I, "rows per step, over all ranks of a trial", 1, 1048576, "", true},
    {"training.optimizer", Type::text, "\"adamw\"", I, "", {}, {}, "sgd|adamw", true},
    {"training.lr", Type::number, "2e-3", I, "peak learning rate", 0, {}, "", true, true},
    {"training.momentum", Type::number, "0.9", I, "of sgd", 0, 1, "", true, false, true},
    {"training.nesterov", Type::flag, "true", I, "Nesterov momentum (sgd)"},
    {"training.weight_decay", Type::number, "1e-4", I, "decoupled for adamw, added to the gradient for sgd", 0, {}, "", true},
    {"training.beta1", Type::number, "0.9", I, "of adamw", 0, 1, "", true, false, true},
    {"training.beta2", Type::number, "0.999", I, "of adamw", 0, 1, "", true, false, true},
    {"training.epsilon", Type::number, "1e-8", I, "of adamw", 0, {}, "", true, true},
    {"training.schedule", Type::text, "\"cosine\"", I, "learning rate over the training; cosine ends at 0", {}, {}, "cosine|constant", true},
    {"training.warmup", Type::number, "1", I, "epochs of linear warm-up", 0, {}, "", true},
    {"training.label_smoothing", Type::number, "0", I, "share of the target spread over all classes", 0, 1, "", true, false, true},
    {"training.clip_norm", Type::number, "0", I, "largest norm of the gradient; 0: not clipped", 0, {}, "", true},
    {"training.precision", Type::text, "\"fp32\"", I, "bf16: autocast on CUDA, ignored with a warning on CPU", {}, {}, "fp32|bf16"},

    {"augment.crop", Type::integer, "0", I, "random crop after padding by this number of pixels; 0: off", 0, 4096, "", true},
    {"augment.flip", Type::flag, "false", I, "random horizontal flip", {}, {}, "", true},
    {"augment.cutout", Type::integer, "0", I, "side of a random erased square in pixels; 0: off", 0, 4096, "", true},

    {"objectives.*.goal", Type::text, "", I, "direction", {}, {}, "max|min"},
    {"objectives.*.threshold", Type::number, "", J, "least useful value: reference point of the hypervolume"},
    {"objectives.*.target", Type::number, "", J, "good enough: stop = [\"target\"] ends the search where a trial has reached all targets"},
    {"objectives.*.of", Type::text, "", I, "derived: this metric times the factors of the [[reward]] entries"},

    {"reward[].metric", Type::text, "", J, "what should stay below its target, e.g. \"latency_ms\""},
    {"reward[].target", Type::number, "", J, "factor of a derived objective: (target / measured)^exponent", 0, {}, "", false, true},
    {"reward[].kind", Type::text, "", J, "hard (default): at most 1, exponent 1; soft: on both sides of the target, exponent 0.07", {}, {}, "hard|soft"},
    {"reward[].exponent", Type::number, "", J, "how strongly the factor counts, instead of the kind's own", 0, {}, "", false, true},

    {"constraint[].metric", Type::text, "", J, "a measured metric"},
    {"constraint[].at_most", Type::number, "", J, "its upper limit"},
    {"constraint[].at_least", Type::number, "", J, "its lower limit"},
    {"constraint[].weight", Type::number, "", J, "soft: what the first objective loses where the limit is missed by its own size; else hard", 0, {}, "", false, true},
    {"constraint[].require", Type::text, "", I, "relation between parameters, e.g. \"hidden2 <= hidden1\""},

    {"baseline.batch_sweep", Type::flag, "true", I, "measure throughput at power-of-two batch sizes"},
    {"baseline.largest_batch", Type::integer, "4096", I, "end of the sweep", 1, 1048576},
    {"baseline.max_failed", Type::integer, "0", L, "the stage ends after this number of failed trainings; 0: it continues with the others", 0},

    {"proxy.reference", Type::integer, "8", I, "networks trained in full and under each candidate, 3 or more; 0: no proxy is looked for, the search trains in full", 0, 1000},
    {"proxy.agreement", Type::number, "0.65", I, "least rank agreement, judged on the lower bound of its 95 % interval; takes 4 networks or more", -1, 1},
    {"proxy.candidate[].epochs", Type::integer, "", I, "", 1, 1000000},
    {"proxy.candidate[].data", Type::number, "", I, "share of the training rows", 0, 1, "", false, true},
    {"proxy.candidate[].width", Type::number, "", I, "scale of all widths", 0, 1, "", false, true},
    {"proxy.candidate[].resolution", Type::number, "", I, "scale of the input's height and width", 0, 1, "", false, true},
    {"proxy.bootstrap", Type::integer, "1000", I, "resamples behind the intervals", 10, 1000000},
    {"proxy.parallel", Type::integer, "0", L, "workers; 0: as search.parallel", 0, 100000},
    {"proxy.max_failed", Type::integer, "0", L, "the stage ends after this number of failed trainings; 0: it continues with the others", 0},

    {"search.algorithm", Type::text, "\"auto\"", I, "auto says what it chose and why", {}, {}, "auto|" ASSAY_ALGORITHMS},
    {"search.reuse", Type::flag, "true", I, "a network that equals one measured before takes its result instead of a training"},
    {"search.points", Type::free, "", I, "points to measure first, in this order (list: all that it tries): [ { lr = 0.1 }, ... ]"},
    {"search.import", Type::free, "", S, "results measured elsewhere that the search begins with: [ \"earlier.csv\", { file = \"ray.csv\", map = { \"config/lr\" = \"lr\" } } ]; they do not count against max_trials"},
    {"search.max_trials", Type::integer, "100", L, "trials to measure, exactly; what is imported comes on top", 1, 10000000},
    {"search.max_failed", Type::integer, "0", L, "the search ends after this number of failed trials; 0: a third of max_trials", 0},
    {"search.parallel", Type::integer, "2", L, "workers", 1, 100000},
    {"search.max_duration", Type::duration, "\"\"", L, "no new trial that would typically end after the search is so old by the clock, e.g. \"12h\"; empty: no limit"},
    {"search.max_device_hours", Type::number, "0", L, "no new trial that would, with those running, spend more hours x devices; 0: no limit", 0},
    {"search.population", Type::integer, "16", I, "networks that may have offspring (evolution)", 2, 100000},
    {"search.tournament", Type::integer, "0", I, "number of members that are drawn, the best is the parent (evolution); 0: three quarters with one objective, a quarter with several", 0, 100000},
    {"search.mutation", Type::number, "0", I, "0: a child differs in one decision; else each is drawn again with this probability (evolution)", 0, 1},
    {"search.grid.order", Type::text, "\"shuffled\"", I, "shuffled: any part of the grid is a fair sample, reals take five values; halving: coarse first, as NNI's", {}, {}, "shuffled|halving"},
    {"search.tpe.recipe", Type::text, "\"assay\"", I, "what 0 and auto below stand for; optuna, nni: as those tools have it (Optuna 5, NNI 3)", {}, {}, "assay|optuna|nni"},
    {"search.tpe.startup", Type::integer, "0", I, "trials to begin with that are spread evenly; 0: 10 (nni: 20)", 0, 1000000},
    {"search.tpe.candidates", Type::integer, "0", I, "draws of which the most promising is tried; 0: 48, with several objectives 24 (optuna, nni: 24)", 0, 100000},
    {"search.tpe.gamma", Type::number, "0", I, "share of the trials that count as good, with one objective 25 trials at most; 0: 0.15 (optuna: 0.1; nni: 0.25 of the root of their number)", 0, 1},
    {"search.tpe.prior_weight", Type::number, "1", I, "weight of the even distribution, in trials", 0, 1000, "", false, true},
    {"search.tpe.multivariate", Type::text, "\"auto\"", I, "model parameters together; auto: with one objective yes, with several for every other trial (optuna: no); nni: no", {}, {}, "auto|on|off"},
    {"search.nsga3.divisions", Type::integer, "0", I, "of the simplex of reference directions; 0: as many as give no more directions than the population", 0, 1000},
    {"search.smac.startup", Type::integer, "0", I, "Sobol points to begin with; 0: one per parameter, 10 at least, a quarter of all trials at most", 0, 1000000},
    {"search.smac.trees", Type::integer, "10", I, "trees of the forest", 1, 1000},
    {"search.smac.random_points", Type::integer, "500", I, "random points that the forest is asked about, besides those of the local searches", 1, 100000},
    {"search.smac.random_share", Type::number, "0.2", I, "share of the trials that are random", 0, 1},
    {"search.reinforce.batch", Type::integer, "10", I, "trials per step of the policy", 1, 10000},
    {"search.reinforce.rate", Type::number, "0.1", I, "learning rate of the policy", 0, 10, "", false, true},
    {"search.reinforce.entropy", Type::number, "0.05", I, "bonus for decisions that are open, against early convergence", 0, 10},
    {"search.reinforce.hidden", Type::integer, "16", I, "units that see the decisions made before", 1, 1024},
    {"search.ppo.batch", Type::integer, "8", I, "trials per update of the policy", 1, 10000},
    {"search.ppo.minibatch", Type::integer, "4", I, "of them, per step", 1, 10000},
    {"search.ppo.epochs", Type::integer, "4", I, "passes over each batch", 1, 1000},
    {"search.ppo.clip", Type::number, "0.2", I, "largest change of a probability per update that is rewarded", 0, 1, "", false, true},
    {"search.ppo.rate", Type::number, "0.03", I, "learning rate of the policy", 0, 10, "", false, true},
    {"search.ppo.entropy", Type::number, "0.05", I, "bonus for decisions that are open, against early convergence", 0, 10},
    {"search.ppo.hidden", Type::integer, "16", I, "units that see the decisions made before", 1, 1024},
    {"search.rungs", Type::integers, "", I, "epochs after which trials are compared (asha, hyperband, bohb, econas, pbt), e.g. [3, 9, 27]; the full number is the last", 1, 1000000},
    {"search.eta", Type::integer, "3", I, "one of this number of trials continues, for this number times the epochs (asha, hyperband, bohb)", 2, 100},
    {"search.min_epochs", Type::integer, "1", I, "epochs of the first rung, about, where search.rungs lists none (asha, hyperband, bohb)", 1, 1000000},
    {"search.asha.sampler", Type::text, "\"random\"", I, "where new points come from; model: as bohb draws them", {}, {}, "random|model"},
    {"search.bohb.random", Type::number, "0.333333", I, "share of points that are drawn at random (bohb)", 0, 1},
    {"search.bohb.good", Type::number, "0.15", I, "share of results that are taken for good (bohb)", 0, 1, "", false, true, true},
    {"search.bohb.candidates", Type::integer, "64", I, "draws from the model, of which the best is proposed (bohb)", 1, 10000},
    {"search.econas.cycle", Type::integer, "16", I, "new networks of a cycle, in which half as many go on to the second stage and a quarter to the last", 2, 10000},
    {"search.econas.age", Type::integer, "10", I, "cycles without training after which a network dies out", 1, 10000},
    {"search.econas.barrier", Type::flag, "false", I, "true: a cycle ends before the next begins, as published; false: the same quotas by counts, nobody waits"},
    {"search.pbt.population", Type::integer, "20", I, "members; more trials make further populations", 2, 10000},
    {"search.pbt.step", Type::integer, "0", I, "epochs between two comparisons; 0: a tenth of all", 0, 1000000},
    {"search.pbt.fraction", Type::number, "0.2", I, "share of the members that copy one of the same share of the best", 0, 0.5},
    {"search.pbt.quorum", Type::number, "0.5", I, "share of the members that end a step before any continues; 1: all, a barrier", 0, 1},
    {"search.pbt.resample", Type::number, "0.25", I, "probability that a copy draws a parameter again", 0, 1},
    {"search.pbt.factor", Type::number, "0.2", I, "else it moves by this share of its range", 0, 1, "", false, true},

    {"search.stop", Type::texts, "[\"invalid\"]", J, "rules that end the search early, and say why; []: none. Lists and grids know only target", {}, {}, "converged|invalid|no-progress|target|gain"},
    {"search.stop_window", Type::integer, "200", J, "trials over which converged and gain look back", 10, 1000000},
    {"search.stop_tolerance", Type::number, "0.01", J, "least growth over the window: of the first window's spread, or of the hypervolume (converged)", 0, 1},
    {"search.noise", Type::number, "0", J, "standard deviation of the objective between trainings of one network (gain)", 0},
    {"search.early_stop", Type::text, "\"none\"", I, "which trials need not be trained to their end; curve: those that will hardly beat the best", {}, {}, "none|median|percentile|curve"},
    {"search.early_stop_from", Type::integer, "3", I, "first step (epoch) at which a trial is judged", 0},
    {"search.early_stop_curves", Type::integer, "5", I, "fewest finished trials to compare with", 1, 1000000},
    {"search.early_stop_percentile", Type::number, "50", I, "the worst trials at the same step, in per cent, are stopped (percentile)", 0, 100, "", false, true, true},
    {"search.early_stop_confidence", Type::number, "0.95", I, "stopped if the best so far is so surely out of reach (curve)", 0.5, 1, "", false, false, true},
    {"search.anneal.mean_place", Type::number, "2", I, "mean place of the trial whose neighbourhood is drawn from; 1: always the best", 1, 1000},
    {"search.anneal.shrinkage", Type::number, "0.1", I, "neighbourhoods after n trials: 1 / (1 + n x this) of the range", 0, 1000},

    {"full.top_k", Type::integer, "3", I, "finalists", 1, 10000},
    {"full.seeds", Type::integer, "3", I, "trainings of each finalist", 1, 1000},
    {"full.baseline", Type::flag, "true", I, "train the defaults too, as control"},
    {"full.infeasible", Type::flag, "false", J, "train what breaks a [[constraint]] where too few trials keep all of them; it may win"},
    {"full.gpus_per_trial", Type::integer, "1", S, "GPUs that share one training", 1, 4096},
    {"full.gpu_quota", Type::integer, "0", L, "GPUs in use at a time; 0: no quota", 0},
    {"full.parallel", Type::integer, "0", L, "workers; 0: gpu_quota / gpus_per_trial, else search.parallel", 0, 100000},
    {"full.max_failed", Type::integer, "0", L, "the stage ends after this number of failed trainings; 0: it continues with the others", 0},

    {"trial.command", Type::texts, "[]", I, "external trainer, e.g. [\"python\", \"train.py\"]; empty: the built-in one"},
    {"trial.timeout", Type::duration, "\"\"", L, "of one training, e.g. \"2h\"; empty: no limit"},
    {"trial.gpus", Type::integer, "0", S, "GPUs of a trial", 0, 4096},
    {"trial.launcher", Type::text, "\"\"", S, "put before the command, e.g. \"srun --exact -N{nodes}\""},
    {"trial.keep_alive", Type::flag, "false", S, "one process of the command for many trials: a line of JSON per trial on its standard input"},
    {"trial.max_attempts", Type::integer, "3", L, "tries at one measurement whose worker vanished, or in a row that came no further", 1, 1000},
    {"trial.table.file", Type::path, "", I, "CSV of finished trainings: trials are looked up in it"},
    {"trial.table.epoch", Type::text, "", I, "column with the epoch, where there is a row per network and epoch"},
    {"trial.table.params", Type::free, "", I, "parameter = \"column\"; else its name, or the last part of it"},
    {"trial.table.metrics", Type::free, "", I, "metric = \"column\"; default: every other column with numbers"},
    {"trial.table.cost", Type::text, "", I, "column with seconds since the training's start"},
    {"trial.table.wait", Type::number, "0", S, "factor on the cost that a trial really waits; 0: no wait", 0},
    {"trial.keep_output", Type::flag, "true", S, "keep what the command printed"},

    {"study.lease", Type::duration, "\"240s\"", L, "silence after which a worker's trial is taken over"},
    {"study.collector_from", Type::integer, "64", L, "workers from which on one of them reads all logs for the others; 0: never", 0, 1000000},
    {"study.pack_from", Type::integer, "16", L, "ended workers whose logs are packed together; 0: never", 0, 1000000},
    {"study.pack_outputs_from", Type::integer, "100", L, "ended trials whose small outputs are packed together; 0: never", 0, 1000000},
    {"study.pack_outputs_after", Type::duration, "\"1h\"", L, "how long the output of an ended trial stays where it was"},
    {"study.heartbeat", Type::duration, "\"20s\"", L, "how often a worker shows that it lives"},

    {"report.title", Type::text, "\"\"", J, "of the report; empty: the run's name"},
};
// clang-format on

constexpr std::array overlaid = {"training", "augment"};
constexpr std::array stages = {"baseline", "proxy", "search", "full"};

/// "proxy.candidate[2].epochs" -> {"proxy", "candidate[]", "epochs"}; dots inside quotes do not separate.
std::vector<std::string> segments_of(std::string_view key) {
  std::vector<std::string> segments(1);
  bool inside = false;
  for (const char c : key) {
    if (c == '"') inside = !inside;
    if (c == '.' && !inside) {
      segments.emplace_back();
    } else {
      segments.back() += c;
    }
  }
  for (auto& segment : segments) {
    const auto bracket = segment.find('[');
    if (bracket != std::string::npos && segment.back() == ']') segment = segment.substr(0, bracket) + "[]";
  }
  return segments;
}

/// The rows' keys in segments, in the order of the table.
const std::vector<std::vector<std::string>>& patterns() {
  static const auto all = [] {
    std::vector<std::vector<std::string>> keys;
    for (const auto& row : table) keys.push_back(segments_of(row.key));
    return keys;
  }();
  return all;
}

/// Drops the stage of an overlay: "search.training.lr" -> "training.lr".
std::vector<std::string> base_segments(std::string_view key) {
  auto segments = segments_of(key);
  const auto among = [](const auto& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (segments.size() >= 2 && among(stages, segments[0]) && among(overlaid, segments[1]))
    segments.erase(segments.begin());
  return segments;
}

/// Whether the first segments of a row's key match.
bool starts_with(const std::vector<std::string>& row, const std::vector<std::string>& segments) {
  if (row.size() < segments.size()) return false;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool any = row[i] == "*" && !segments[i].ends_with("[]");
    if (!any && row[i] != segments[i]) return false;
  }
  return true;
}

}  // namespace

std::span<const Setting> settings() { return table; }

const Setting* find_setting(std::string_view key) {
  const auto segments = base_segments(key);
  for (std::size_t i = 0; i < std::size(table); ++i) {
    const auto& pattern = patterns()[i];
    if (pattern.size() == segments.size() && starts_with(pattern, segments)) return &table[i];
  }
  return nullptr;
}

std::vector<std::string> setting_names(std::string_view path) {
  std::vector<std::string> names;
  const auto add = [&](std::string name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  };
  auto segments = path.empty() ? std::vector<std::string>{} : base_segments(path);
  for (const auto& pattern : patterns()) {
    if (pattern.size() > segments.size() && starts_with(pattern, segments)) add(pattern[segments.size()]);
  }
  if (std::find(stages.begin(), stages.end(), path) != stages.end()) {
    for (const auto* name : overlaid) add(name);
  }
  return names;
}

}  // namespace assay::config
