// The commented TOML of `assay new`, from the settings table.
#include <fmt/format.h>

#include "base/text.hpp"
#include "config/settings.hpp"

namespace assay::config {
namespace {

constexpr std::string_view example_head =
    R"(# A run of Assay. Only [data] and [model] (or [params.model] with [trial] command or table) are needed; the other keys stand here
# with their defaults, behind a '#'. Any value below [model], [training], [augment] and [params.*] may be a search
# domain: width.choice = [8, 16, 32], lr.float = [1e-4, 1e-1] with lr.log = true, depth.int = [1, 4].
)";

/// Lines that take the place of a section's rows: sections whose keys cannot be defaults.
std::string_view example_of(std::string_view section) {
  if (section == "data") {
    return R"(format = "csv"
train = "datasets/optdigits/train.csv.gz"
valid = "datasets/optdigits/valid.csv.gz"
shape = [1, 8, 8]
)";
  }
  if (section == "model") {
    return R"(input = [1, 8, 8]
blocks = [
  { op = "conv", name = "stem", kernel = 3, width = { choice = [8, 16], default = 16 } },
  { use = "body", width = 32, stride = 2 },
  { op = "pool", kind = "global-avg" },
  { op = "linear", width = "classes" },
]
)";
  }
  if (section == "define") {
    return R"(op = "mbconv"
repeat.choice = [1, 2]
kernel.choice = [3, 5]
expand.choice = [1, 3]
)";
  }
  if (section == "objectives") {
    return R"(accuracy = { goal = "max", threshold = 0.9 }
parameters = { goal = "min" }
#reward = { goal = "max", of = "accuracy" }    # one number instead: accuracy times the factors of [[reward]]
)";
  }
  if (section == "reward") {
    return R"(#[[reward]]
#metric = "latency_ms"
#target = 2.0    # factor (target / latency_ms)^exponent
#kind = "hard"    # at most 1, exponent 1; or soft: exponent 0.07
)";
  }
  if (section == "constraint") {
    return R"(#[[constraint]]
#metric = "latency_ms"
#at_most = 2.0    # or at_least
#weight = 0.1    # soft: what the first objective loses at 4 ms; without it: hard
#[[constraint]]
#require = "a <= b"    # between parameters
)";
  }
  if (section == "params") {
    return R"(#[params.model]
#depth.choice = [2, 3, 4]
)";
  }
  return "";
}

std::string comment_of(const Setting& row) {
  std::string text(row.help);
  if (!row.choices.empty()) {
    auto choices = base::join(base::split(row.choices, '|'), ", ");
    text = text.empty() ? choices : choices + "; " + text;
  }
  return text;
}

std::string section_of(const Setting& row) {
  auto name = base::split(row.key, '.').front();
  return name.ends_with("[]") ? name.substr(0, name.size() - 2) : name;
}

/// `key = default`, commented out.
std::string line_of(const Setting& row) {
  const auto key = base::split(row.key, '.').back();
  const std::string initial(row.initial);
  const auto line = initial.empty() ? "# " + key + ": " : "#" + key + " = " + initial + "    # ";
  return line + comment_of(row) + "\n";
}

/// Every row of a section that can stand as `key = default`, then [search.tpe] and the like; other sections show their
/// tables as examples.
std::string rows_of(std::string_view section) {
  std::string text, tables, last;
  const auto example = example_of(section);
  for (const auto& row : settings()) {
    const auto segments = base::split(row.key, '.');
    if (segments.front() != section || segments.size() < 2 || segments[1] == "*") continue;
    if (segments.size() == 2 && example.find(segments[1] + " = ") == std::string_view::npos) text += line_of(row);
    if (segments.size() != 3 || section != "search") continue;
    if (segments[1] != last) tables += fmt::format("#[{}.{}]\n", section, segments[1]);
    last = segments[1];
    tables += line_of(row);
  }
  return text + tables;
}

}  // namespace

std::string commented_toml() {
  std::string text(example_head);
  std::string last;
  for (const auto& row : settings()) {
    const auto section = section_of(row);
    if (section == last) continue;
    last = section;
    text += '\n';
    const auto example = std::string(example_of(section));
    if (section == "constraint" || section == "params" || section == "reward") {
      text += example;
    } else if (section == "define") {
      text += "[define.body]\n" + example;
    } else {
      text += "[" + section + "]\n" + example + rows_of(section);
    }
    if (section == "proxy")
      text +=
          "#candidate = [ { epochs = 4 }, { epochs = 8, data = 0.5 } ]    # cheaper trainings to try; also width, "
          "resolution\n";
    if (section == "trial")
      text +=
          "#table = { file = \"trainings.csv\", epoch = \"epoch\", cost = \"seconds\", wait = 0, params = { depth = "
          "\"d\" "
          "}, metrics = { accuracy = \"acc\" } }    # look trials up in a CSV of finished trainings\n";
    if (section == "full")
      text += "#training.epochs = 40    # [full.training] overlays [training]; likewise search, proxy, baseline\n";
  }
  return text;
}

}  // namespace assay::config
