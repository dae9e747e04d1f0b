// The parameters found so far while a space is loaded: names, conditions, references, and the fixed numbers that
// constraints and references may also name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "config/node.hpp"
#include "space/space.hpp"

namespace assay::space {

class Registry {
 public:
  /// A domain that stands at one place of the file may be added several times under one name (draw = "once", or a name
  /// of its own): it stays one parameter, with the conditions that all its places share. Error(config) if the name
  /// belongs to another place.
  void add(Parameter parameter, const std::string& path, base::Json placeholder);
  /// `conditions`: under which the reference is met; its parameter must exist then.
  void add_reference(const std::string& name, const config::Node& node, std::vector<Condition> conditions);
  void set_placeholder(const std::string& name, base::Json placeholder) {
    placeholders_[name] = std::move(placeholder);
  }
  /// Two different numbers under one name are no longer known by it.
  void add_fixed(const std::string& name, double number);

  const Parameter* find(const std::string& name) const;
  /// Its place among the parameters.
  std::optional<std::size_t> place(const std::string& name) const;
  /// Full names that end with this one.
  std::vector<std::string> ending(const std::string& name) const;
  std::vector<std::string> names() const;
  /// Nearest known name, or "".
  std::string nearest(const std::string& name) const;

  /// Every reference names a parameter that exists wherever the reference is met, and none leads back to itself.
  void check_references() const;

  const std::vector<Parameter>& parameters() const { return parameters_; }
  std::optional<double> fixed(const std::string& name) const;
  /// Of parameters and of fixed numbers, by name.
  std::map<std::string, base::Json> placeholders() const;
  /// Where the parameter was written: its path in the file.
  const std::string& path(const std::string& name) const { return paths_.at(name); }

 private:
  struct Reference {
    std::string name;
    config::Node node;
    std::vector<Condition> conditions;
  };
  void check_circles() const;

  std::vector<Parameter> parameters_;
  std::map<std::string, std::size_t> index_;
  std::map<std::string, std::string> paths_;
  std::map<std::string, base::Json> placeholders_;
  std::map<std::string, std::optional<double>> fixed_;
  std::vector<Reference> references_;
};

}  // namespace assay::space
