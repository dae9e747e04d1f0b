// The commands that messages propose, as they stand in the sources: every call of base::proposal and base::command.
#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "os/file.hpp"

namespace assay::tests {

/// A call in a source file; its words with * for what is only known when it speaks, "..." for words that are appended.
struct Proposed {
  std::string file, pattern;
  auto operator<=>(const Proposed&) const = default;
};

inline std::vector<std::filesystem::path> source_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(ASSAY_SOURCE_DIR) / "src")) {
    const auto ending = entry.path().extension();
    if (ending == ".cpp" || ending == ".hpp") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline std::string short_name(const std::filesystem::path& file) {
  return file.lexically_relative(std::filesystem::path(ASSAY_SOURCE_DIR) / "src").string();
}

/// Behind a string that begins at `at`.
inline std::size_t end_of_string(const std::string& text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

/// Behind the bracket that closes the one at `at`.
inline std::size_t end_of_brackets(const std::string& text, std::size_t at) {
  int depth = 0;
  do {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    depth += c == '(' || c == '{' || c == '[' ? 1 : c == ')' || c == '}' || c == ']' ? -1 : 0;
    ++at;
  } while (depth > 0 && at < text.size());
  return at;
}

/// {"assay", "set", folder} -> "assay set *".
inline std::string pattern_of(const std::string& list) {
  std::string pattern;
  std::size_t at = 1;
  while (at < list.size() - 1) {
    auto end = at;
    while (end < list.size() - 1 && list[end] != ',') {
      const char c = list[end];
      end = c == '"'                           ? end_of_string(list, end)
            : c == '(' || c == '{' || c == '[' ? end_of_brackets(list, end)
                                               : end + 1;
    }
    auto word = list.substr(at, end - at);
    word.erase(0, word.find_first_not_of(" \n"));
    word.erase(word.find_last_not_of(" \n") + 1);
    const bool literal = word.starts_with('"') && end_of_string(word, 0) == word.size();
    pattern += (pattern.empty() ? "" : " ") + (literal ? word.substr(1, word.size() - 2) : std::string("*"));
    at = end + 1;
  }
  return pattern;
}

inline std::vector<Proposed> proposed_commands() {
  std::vector<Proposed> found;
  static const std::regex call(R"(base::(proposal|command)\()");
  for (const auto& file : source_files()) {
    const auto text = os::read_file(file);
    for (auto it = std::sregex_iterator(text.begin(), text.end(), call); it != std::sregex_iterator(); ++it) {
      const auto open = static_cast<std::size_t>(it->position() + it->length() - 1);
      auto argument = text.substr(open + 1, end_of_brackets(text, open) - open - 2);
      argument.erase(0, argument.find_first_not_of(" \n"));
      if (argument.starts_with('{')) {
        found.push_back({short_name(file), pattern_of(argument)});
        continue;
      }
      // A variable: the words that it began with.
      const auto begin = text.rfind(" " + argument + " = {", open);
      const auto brace = begin == std::string::npos ? begin : text.find('{', begin);
      const auto list = begin == std::string::npos ? "" : text.substr(brace, end_of_brackets(text, brace) - brace);
      found.push_back({short_name(file), (list.empty() ? "" : pattern_of(list) + " ") + "..."});
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// The words of a command line in our quoting.
inline std::vector<std::string> shell_words(const std::string& line) {
  std::vector<std::string> words;
  bool inside = false, quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (!quoted && c == ' ') {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    if (c == '\'')
      quoted = !quoted;
    else
      words.back() += !quoted && c == '\\' ? line[++i] : c;
  }
  return words;
}

inline bool matches(const std::string& pattern, const std::vector<std::string>& words) {
  const auto wanted = shell_words(pattern);
  const bool open = !wanted.empty() && wanted.back() == "...";
  const auto count = wanted.size() - (open ? 1 : 0);
  if (words.size() < count || (!open && words.size() != count)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (wanted[i] != "*" && wanted[i] != words[i]) return false;
  }
  return true;
}

/// What stands between backticks, and behind "again:" or "To make it:" to the end of the line.
inline std::vector<std::string> commands_in(const std::string& said) {
  std::vector<std::string> commands;
  static const std::regex form("`([^`\n]+)`|again: (assay [^\n]+)|To make it: ([^\"\n]+)");
  for (auto it = std::sregex_iterator(said.begin(), said.end(), form); it != std::sregex_iterator(); ++it) {
    for (std::size_t group = 1; group < it->size(); ++group) {
      if ((*it)[group].matched) commands.push_back((*it)[group]);
    }
  }
  return commands;
}

/// String literals of a source, those that stand side by side as one, without comments.
inline std::vector<std::string> literals_of(const std::string& text) {
  std::vector<std::string> literals;
  std::size_t last = 0;  // behind the last literal
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, 2, "//") == 0) {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.compare(at, 2, "R\"") == 0) {
      const auto begin = text.find('(', at);
      at = text.find(")" + text.substr(at + 2, begin - at - 2) + "\"", begin);
      at = std::min(at, text.size()) + 2;
    } else if (text[at] == '\'' && at + 2 < text.size() && (text[at + 2] == '\'' || text[at + 1] == '\\')) {
      at = text.find('\'', at + 2) + 1;
    } else if (text[at] == '"') {
      const auto end = end_of_string(text, at);
      const auto literal = text.substr(at + 1, end - at - 2);
      const auto gap = text.substr(last, at - last);
      if (last > 0 && std::all_of(gap.begin(), gap.end(), [](unsigned char c) { return std::isspace(c) != 0; }))
        literals.back() += literal;
      else
        literals.push_back(literal);
      at = last = end;
    } else {
      ++at;
    }
  }
  return literals;
}

}  // namespace assay::tests
