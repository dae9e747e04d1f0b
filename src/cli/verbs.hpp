// Subcommands of `assay` without CLI11 in sight: a verb says which words and options it takes and gets them as values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace assay::cli {

struct Option {
  enum class Kind { text, integer, flag, list } kind = Kind::text;
  std::string name;  ///< "--config", or "RUN" for a word without a flag
  std::string help;
  bool required = false;
  std::vector<std::string> choices = {};
};

/// What stands on a command line. Asking for a word or an option that the verb does not declare is a defect.
class Values {
 public:
  bool flag(const std::string& name) const;
  std::optional<std::string> text(const std::string& name) const;
  std::string text(const std::string& name, const std::string& otherwise) const;
  std::optional<std::int64_t> integer(const std::string& name) const;
  std::vector<std::string> texts(const std::string& name) const;

  std::map<std::string, std::vector<std::string>> given;  ///< a flag has one empty text
  std::set<std::string> declared;                         ///< names of all words and options

 private:
  const std::vector<std::string>* find(const std::string& name) const;
};

struct Verb {
  std::string name, help;
  std::vector<Option> options;
  std::function<base::Exit(const Values&)> run;
};

/// Parses, runs the verb, turns failures into exit codes. Every verb also takes -v and -q.
int run_verbs(int argc, char** argv, const std::string& program, const std::string& description,
              const std::vector<Verb>& verbs);

}  // namespace assay::cli
