#include "data/dataset.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "data/bytes.hpp"
#include "data/readers.hpp"

namespace assay::data {

std::int64_t Dataset::row_size() const { return shape.empty() ? 0 : base::element_count(shape); }

bool is_external(const config::Config& config) {
  return config.flag("data.external") || (config.has("data.format") && config.text("data.format") == "external");
}

std::vector<std::int64_t> wanted_shape(const config::Config& config) {
  return config.has("data.shape") ? config.integers("data.shape") : std::vector<std::int64_t>{};
}

std::string combined_hash(const std::vector<std::string>& hashes) {
  return hashes.size() == 1 ? hashes.front() : base::sha256(base::join(hashes, "\n"));
}

void name_classes_by_number(Dataset& dataset, const Dataset* train) {
  if (train) {
    dataset.class_names = train->class_names;
    return;
  }
  const auto most = std::max_element(dataset.labels.begin(), dataset.labels.end());
  for (std::int32_t i = 0; most != dataset.labels.end() && i <= *most; ++i)
    dataset.class_names.push_back(std::to_string(i));
}

namespace {

/// A label that training never has cannot be learnt: the validation file is not of this data set, or damaged.
void check_labels(const Dataset& dataset, const Dataset& train, const std::string& file) {
  std::vector<bool> known(static_cast<std::size_t>(train.classes()), false);
  for (const auto label : train.labels) known[static_cast<std::size_t>(label)] = true;
  for (std::size_t row = 0; row < dataset.labels.size(); ++row) {
    const auto label = static_cast<std::size_t>(dataset.labels[row]);
    if (label < known.size() && known[label]) continue;
    fail_at(file,
            "row {} has label {}, which no training row has (0 .. {}); the file is damaged or of another data set", row,
            label, known.empty() ? 0 : known.size() - 1);
  }
}

/// [data] shape of formats that bring their own: the same values in another arrangement are fine.
void apply_shape(Dataset& dataset, const config::Config& config) {
  const auto wanted = wanted_shape(config);
  if (wanted.empty() || dataset.shape.empty() || wanted == dataset.shape) return;
  if (base::element_count(wanted) != base::element_count(dataset.shape)) {
    config.node("data.shape")
        .fail(
            fmt::format("the data are {}, which is not {}", base::shape_text(dataset.shape), base::shape_text(wanted)));
  }
  dataset.shape = wanted;
}

Dataset read_format(const Request& request) {
  const auto& config = request.config;
  const auto format = config.text("data.format");
  if (format != "csv" && config.text("data.task") == "regression") {
    config.node("data.task")
        .fail(fmt::format("format \"{}\" holds classes; regression needs csv or external data", format));
  }
  if (format != "csv" && !config.text("data.group").empty()) {
    config.node("data.group")
        .fail(fmt::format("format \"{}\" has no columns; groups need csv or external data", format));
  }
  if (format == "idx") return read_idx(request);
  if (format == "cifar") return read_cifar(request);
  if (format == "images") return read_images(request);
  return read_csv(request);
}

}  // namespace

Dataset read(const config::Config& config, Part part, const Dataset* train) {
  if (part == Part::train) train = nullptr;
  const Request request{config, part, train};
  if (is_external(config)) {
    auto dataset = read_external(request);
    dataset.name = config.text("run.name");
    return dataset;
  }
  if (part == Part::valid && train == nullptr) {
    const auto first = read(config, Part::train);
    return read(config, part, &first);
  }
  const auto files = request.files();
  auto dataset = read_format(request);
  dataset.name = std::filesystem::path(files.front()).filename().string();
  apply_shape(dataset, config);
  if (train == nullptr) return dataset;
  if (dataset.shape != train->shape) {
    fail_at(files.front(), "holds rows of {}, but the training data are {}", base::shape_text(dataset.shape),
            base::shape_text(train->shape));
  }
  if (dataset.task == Task::classification) check_labels(dataset, *train, files.front());
  return dataset;
}

}  // namespace assay::data
