#include "eval/command/files.hpp"

#include <cctype>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

namespace assay::eval {
namespace {

namespace fs = std::filesystem;

void assign(const base::Json& json, const std::string& name, std::string& lines) {
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) assign(value, name.empty() ? key : name + "_" + key, lines);
    return;
  }
  std::string variable;
  for (const char c : name) variable += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  std::string text = json.is_string() ? json.get<std::string>() : json.dump();
  if (json.is_array()) {
    text.clear();
    for (const auto& item : json) {
      if (!text.empty()) text += ' ';
      text += item.is_string() ? item.get<std::string>() : item.dump();
    }
  }
  lines += variable + "=" + base::shell_quoted(text) + "\n";
}

/// Copied, not moved: an attempt that was given up may still write to its own.
void copy_checkpoint(const fs::path& from, const fs::path& to) {
  const fs::path half = to.string() + ".tmp";
  std::error_code error;
  os::remove_all(half);
  fs::copy(from, half, fs::copy_options::recursive, error);
  if (!error) os::share_tree(half);
  if (!error) fs::rename(half, to, error);
  if (error) {
    base::fail(base::Exit::io, "cannot copy the checkpoint {} to {}: {}", from.string(), to.string(), error.message());
  }
}

}  // namespace

CommandFiles prepare_command_files(const trial::Work& work, const base::Json& values, const base::Json& rows) {
  const CommandFiles files{work.folder};
  os::make_folders(files.folder);
  const auto before = work.previous.empty() ? fs::path() : work.previous / study::checkpoint_folder;
  if (!before.empty() && !os::list_folder(before).empty()) {
    copy_checkpoint(before, files.checkpoint());
  } else {
    os::make_folders(files.checkpoint());
  }
  os::publish(files.params(), values.dump(2) + "\n", os::Durable::no);
  os::publish(files.split(), rows.dump(2) + "\n", os::Durable::no);
  auto all = values;
  all["fidelity"] = trial::to_json(work.at);
  all["split"] = rows;
  os::publish(files.shell(), shell_assignments(all), os::Durable::no);
  return files;
}

std::string shell_assignments(const base::Json& json) {
  std::string lines;
  assign(json, "", lines);
  return lines;
}

std::string last_lines(const fs::path& file, std::size_t lines, std::size_t most_bytes) {
  const auto size = os::file_size(file).value_or(0);
  return base::last_lines(os::read_part(file, size > most_bytes ? size - most_bytes : 0, most_bytes), lines);
}

}  // namespace assay::eval
