#include "run/stage_files.hpp"

#include "base/error.hpp"
#include "os/file.hpp"
#include "study/generation.hpp"
#include "study/names.hpp"

namespace assay::run {
namespace {

using base::Exit;
using base::Json;

/// Where the result of a stage is: of the highest generation of its study.
std::filesystem::path done_file(const std::filesystem::path& stage) {
  const study::Layout layout{stage};
  return layout.done(study::generation_number(layout));
}

}  // namespace

std::optional<Json> read_json(const std::filesystem::path& path) {
  const auto text = os::try_read_file(path);
  if (!text) return std::nullopt;
  auto json = Json::parse(*text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) {
    base::fail(Exit::io, "{} is damaged (no JSON object): it was not written by this program, or the disk lost a part",
               path.string());
  }
  return json;
}

std::optional<Json> read_done(const std::filesystem::path& stage) { return read_json(done_file(stage)); }

std::string mark_of(const std::filesystem::path& stage) {
  const auto done = os::try_read_file(done_file(stage));
  return done ? *done : os::try_read_file(stage / "begun.json").value_or("");
}

}  // namespace assay::run
