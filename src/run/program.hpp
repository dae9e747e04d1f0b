// What an external command was made of when it measured: the content of those of its arguments that are files. Every
// measurement records it, so that a trainer which was changed can be told from the one that failed, and results of two
// programs from results of one. It makes nothing stale: what was measured stays.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "run/run.hpp"

namespace assay::run {

/// File name -> hash of the content. Two files of one name are told apart by a number.
using Program = std::map<std::string, std::string>;

/// The attribute of a measurement that holds it, as JSON.
inline constexpr const char* program_attribute = "program";

std::string to_text(const Program& program);
/// Empty where the text is none of ours: measurements of older versions have no program.
Program program_from(const std::string& text);
/// Names of the files that both have, with another content.
std::vector<std::string> changed_files(const Program& before, const Program& now);

/// The files of a run's command. Arguments count wherever the file lies; the first word only below the configuration's
/// folder (it is python3 otherwise). Folders, packages (`-m`) and files over 64 MiB are data or too much to look at.
class ProgramFiles {
 public:
  explicit ProgramFiles(const Run& run);

  /// The contents now. A file is read again only if its size, time or inode changed.
  const Program& now();
  /// `before` without the files that changed while a trial ran: the trainer itself may have written them. What changes
  /// in two trials running is left out from then on.
  Program after_trial(const Program& before);

 private:
  struct File {
    std::filesystem::path path;
    std::string stamp, hash;
  };
  std::map<std::string, File> files_;
  std::set<std::string> touched_, left_out_;
  Program program_;
};

/// The program of a run as it is now.
Program program_of(const Run& run);

/// Failed trials of a closed study that a changed program may save: what measured them is known and differs from what
/// is there now. Of a finished stage only its finalists: other
/// results were used.
struct Fixable {
  std::vector<trial::TrialId> trials;
  std::vector<std::string> files;  ///< that changed
};
Fixable fixable(const Run& run, Stage stage);
/// "train.py has changed since 2 trials failed".
std::string fixable_text(const Fixable& fixable);

/// What to say about a stage that began with another program; empty if there is nothing to say.
std::string other_program(const Run& run, Stage stage);

/// Error(config) if the command is an interpreter with a script that is not there. (Trials run in folders of their own:
/// a script is looked for beside the configuration when the run is created.)
void check_script(const config::Config& config);

/// True if an argument of the command has only moved: both name a file of this name with the same content. `noted` is
/// the content where `was` is not there any more.
bool same_argument(const std::string& was, const std::string& is, const Program& noted);
/// The contents that the stages of this run noted, the latest last.
Program noted_program(const std::filesystem::path& folder);

}  // namespace assay::run
