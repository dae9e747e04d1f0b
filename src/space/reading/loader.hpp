// From the configuration to the parts of a Space.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "config/config.hpp"
#include "space/constraints/expression.hpp"
#include "space/reading/registry.hpp"
#include "space/reading/tree_reader.hpp"
#include "space/space.hpp"

namespace assay::space {

class Loader {
 public:
  Loader(const config::Config& config, std::string_view overlay, std::string_view values);

  std::vector<Parameter> parameters;
  std::vector<Constraint> constraints;
  std::vector<std::string> remarks;
  base::Json pattern = base::Json::object();

 private:
  void read_model();
  void read_section(const std::string& name, Role role);
  /// The key as a stage's overlay writes it, or an empty Node.
  config::Node overlaid(const std::string& stage, const std::string& place) const;
  void read_params();
  void read_import();
  void read_constraints();
  /// A searched key cannot be a fidelity.
  void check_fidelities() const;
  /// What a name in a constraint stands for: a parameter, `name`.width, or a number that is not searched.
  std::optional<Meaning> meaning_of(const std::string& name) const;
  /// Some choice has this text.
  bool is_label(const std::string& text) const;

  const config::Config& config_;
  std::string overlay_, values_;  ///< stages that give the domains and the concrete values
  Registry registry_;
  TreeReader reader_;
};

}  // namespace assay::space
