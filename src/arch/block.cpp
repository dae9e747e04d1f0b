#include "arch/block.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace assay::arch {

using base::Json;

Block::Block(const Json& json, std::string name) : json_(json), name_(std::move(name)) {
  if (!json_.is_object()) fail("a block must be a table such as { op = \"conv\", width = 16 }, not " + json_.dump());
  op_ = text("op", "");
  if (op_.empty()) fail("it has no op");
}

const Json* Block::find(std::string_view key) const {
  const auto at = json_.find(std::string(key));
  return at == json_.end() ? nullptr : &*at;
}

const Json& Block::at(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) fail(fmt::format("{} needs \"{}\"", op_, key));
  return *value;
}

std::int64_t Block::integer(std::string_view key, std::int64_t otherwise, std::int64_t lo, std::int64_t hi) const {
  const auto* value = find(key);
  if (value == nullptr) return otherwise;
  const double number = value->is_number() ? value->get<double>() : std::nan("");
  if (number != std::floor(number) || number < static_cast<double>(lo) || number > static_cast<double>(hi)) {
    fail(fmt::format("{} must be an integer from {} to {}, but is {}", key, lo, hi, value->dump()));
  }
  return static_cast<std::int64_t>(number);
}

double Block::real(std::string_view key, double otherwise, double lo, double hi) const {
  const auto* value = find(key);
  if (value == nullptr) return otherwise;
  const double number = value->is_number() ? value->get<double>() : std::nan("");
  if (!(number >= lo && number <= hi)) {
    fail(fmt::format("{} must be a number from {} to {}, but is {}", key, lo, hi, value->dump()));
  }
  return number;
}

bool Block::flag(std::string_view key, bool otherwise) const {
  const auto* value = find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) fail(fmt::format("{} must be true or false, but is {}", key, value->dump()));
  return value->get<bool>();
}

std::string Block::text(std::string_view key, std::string_view otherwise) const {
  const auto* value = find(key);
  if (value == nullptr) return std::string(otherwise);
  if (!value->is_string()) fail(fmt::format("{} must be a text, but is {}", key, value->dump()));
  return value->get<std::string>();
}

void Block::allow_only(const std::vector<std::string_view>& keys) const {
  for (const auto& [key, value] : json_.items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    const auto nearest = base::nearest_word(key, std::vector<std::string>(keys.begin(), keys.end()));
    const std::vector<std::string> known(keys.begin(), keys.end());
    fail(fmt::format("{} has no attribute \"{}\"; {}", op_, key,
                     nearest.empty() ? "it has " + base::join(known, ", ") : "did you mean \"" + nearest + "\"?"),
         nearest);
  }
}

void Block::fail(const std::string& message, const std::string& nearest) const {
  throw base::Error(base::Exit::config, fmt::format("block \"{}\": {}", name_, message)).with_nearest(nearest);
}

}  // namespace assay::arch
