#include "space/reading/placed_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace assay::space {
namespace {

using base::Json;

constexpr std::size_t deepest = 64;

/// The library tells neither lines nor columns with its events, but it can be watched reading.
class Watched {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Watched(const char* at, const char** last) : at_(at), last_(last) {}
  reference operator*() const { return *at_; }
  Watched& operator++() {
    ++at_;
    if (last_ != nullptr) *last_ = std::max(*last_, at_);
    return *this;
  }
  Watched operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Watched& other) const { return at_ == other.at_; }
  bool operator!=(const Watched& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** last_;
};

class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, std::string file, const char** read)
      : text_(text), file_(std::move(file)), read_(read) {}

  bool null() override { return scalar(nullptr, 4); }
  bool boolean(bool value) override { return scalar(value, value ? 4 : 5); }
  bool number_integer(number_integer_t value) override { return scalar(value, 1); }
  bool number_unsigned(number_unsigned_t value) override {
    return value > number_unsigned_t(INT64_MAX) ? scalar(static_cast<double>(value), 1)
                                                : scalar(static_cast<number_integer_t>(value), 1);
  }
  bool number_float(number_float_t value, const string_t&) override { return scalar(value, 1); }
  bool string(string_t& value) override { return scalar(value, 0); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::value_t::object); }
  bool start_array(std::size_t) override { return open(Json::value_t::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    const auto& items = open_.back()->items;
    const auto place = place_of(text_start());
    if (std::any_of(items.begin(), items.end(), [&](const auto& item) { return item.first == name; })) {
      throw base::Error(base::Exit::config, place, fmt::format("the key {} is written twice; remove one", name));
    }
    key_ = name;
    key_place_ = place;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: what": what it says after the place.
    std::string what(error.what());
    if (const auto colon = what.find(": "); colon != std::string::npos) what = what.substr(colon + 2);
    throw base::Error(base::Exit::config, place_of(offset() < text_.size() && offset() > 0 ? offset() - 1 : offset()),
                      "this is no JSON: " + what);
  }

  PlacedJson take() { return std::move(root_); }

 private:
  std::size_t offset() const { return static_cast<std::size_t>(*read_ - text_.data()); }

  /// Where the text that was just read begins.
  std::size_t text_start() const {
    auto at = text_.rfind('"', offset() - 1);
    while (at != std::string_view::npos && at > 0) {
      at = text_.rfind('"', at - 1);
      std::size_t slashes = 0;
      while (at != std::string_view::npos && at > slashes && text_[at - slashes - 1] == '\\') ++slashes;
      if (slashes % 2 == 0) break;
    }
    return at == std::string_view::npos ? 0 : at;
  }

  base::Where place_of(std::size_t offset) const {
    const auto before = text_.substr(0, offset);
    const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return {.file = file_,
            .line = static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
            .column = static_cast<int>(offset - line_start) + 1};
  }

  PlacedJson& put(PlacedJson value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return root_;
    }
    auto& parent = *open_.back();
    parent.items.push_back({parent.is_object() ? key_ : "", std::move(value)});
    if (parent.is_object()) parent.items.back().second.where = key_place_;
    return parent.items.back().second;
  }

  /// `length` of what was read, as far as it is known; 0: a text.
  template <class T>
  bool scalar(T&& value, std::size_t length) {
    PlacedJson result;
    result.scalar = std::forward<T>(value);
    result.type = result.scalar.type();
    result.where = place_of(length == 0 ? text_start() : offset() - std::min(length, offset()));
    put(std::move(result));
    return true;
  }

  bool open(Json::value_t type) {
    PlacedJson result;
    result.type = type;
    result.where = place_of(offset() - 1);
    if (open_.size() == deepest)
      throw base::Error(base::Exit::config, result.where, fmt::format("nested more than {} levels deep", deepest));
    open_.push_back(&put(std::move(result)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  std::string file_;
  const char** read_;
  PlacedJson root_;
  std::vector<PlacedJson*> open_;  ///< the innermost last; only the innermost grows, so the pointers stay good
  std::string key_;
  base::Where key_place_;
};

}  // namespace

const PlacedJson* PlacedJson::find(std::string_view key) const {
  const auto found = std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.first == key; });
  return is_object() && found != items.end() ? &found->second : nullptr;
}

Json PlacedJson::json() const {
  if (!is_object() && !is_array()) return scalar;
  Json result(type);
  for (const auto& [key, item] : items) {
    if (is_object()) {
      result[key] = item.json();
    } else {
      result.push_back(item.json());
    }
  }
  return result;
}

void PlacedJson::fail(const std::string& message, const std::string& nearest) const {
  throw base::Error(base::Exit::config, where, message).with_nearest(nearest);
}

PlacedJson parse_placed(std::string_view text, const std::string& file) {
  const char* read = text.data();
  Builder builder(text, file, &read);
  Json::sax_parse(Watched(text.data(), &read), Watched(text.data() + text.size(), nullptr), &builder);
  return builder.take();
}

}  // namespace assay::space
