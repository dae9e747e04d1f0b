#include "eval/export_metadata.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/json.hpp"
#include "data/table.hpp"

namespace assay::eval {
namespace {

using base::Json;

/// One value per channel or feature of the network's input: a flat network on images gets its channel's value per
/// pixel.
std::vector<float> per_input(const std::vector<float>& values, const arch::Shape& input) {
  const auto wanted = static_cast<std::size_t>(input.front());
  const auto each = wanted / values.size();
  std::vector<float> all;
  for (const auto value : values) all.insert(all.end(), each, value);
  return all;
}

Json table_of(const data::TableEncoding& encoding, const std::string& delimiter) {
  Json columns = Json::array();
  for (const auto& column : encoding.columns) {
    Json entry = {{"index", column.index}, {"name", column.name}};
    if (column.categories.empty()) {
      entry["mean"] = column.mean;
    } else {
      entry["categories"] = column.categories;
    }
    columns.push_back(std::move(entry));
  }
  return {{"names", encoding.names}, {"header", encoding.header}, {"delimiter", delimiter}, {"columns", columns}};
}

}  // namespace

std::map<std::string, std::string> export_metadata(const config::Config& config, const data::Dataset& train_set,
                                                   const train::Normaliser& normaliser, const arch::Shape& input) {
  std::map<std::string, std::string> metadata = {{"mean", Json(per_input(normaliser.mean, input)).dump()},
                                                 {"std", Json(per_input(normaliser.deviation, input)).dump()},
                                                 {"classes", Json(train_set.class_names).dump()}};
  if (train_set.encoding) {
    metadata["table"] = table_of(*train_set.encoding, config.text("data.delimiter").substr(0, 1)).dump();
  }
  if (train_set.task == data::Task::regression) {
    metadata["target_mean"] = fmt::format("{}", normaliser.target_mean);
    metadata["target_std"] = fmt::format("{}", normaliser.target_deviation);
  }
  return metadata;
}

}  // namespace assay::eval
