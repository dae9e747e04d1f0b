// assay pack: a run folder as one archive, without checkpoints and weights.
#include "pipeline/pack.hpp"

#include <cstdio>

#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "os/file.hpp"

namespace assay::apps {
namespace {

using base::Exit;

std::string size_text(std::uintmax_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value < 1e6) return fmt::format("{:.1f} kB", value / 1e3);
  return value < 1e9 ? fmt::format("{:.1f} MB", value / 1e6) : fmt::format("{:.1f} GB", value / 1e9);
}

void show(const pipeline::PackFigures& figures, const std::string& file, const std::string& name) {
  std::printf("%s: %s files, %s\n", file.c_str(), base::with_commas(figures.files).c_str(),
              size_text(figures.bytes).c_str());
  if (figures.left_out > 0) {
    std::printf("not in it: %s files of checkpoints and weights, %s\n", base::with_commas(figures.left_out).c_str(),
                size_text(figures.left_out_bytes).c_str());
  }
  if (figures.unfinished > 0) {
    std::printf("unfinished trials: %lld; where the archive is continued they start again from their first epoch\n",
                static_cast<long long>(figures.unfinished));
  }
  std::printf("elsewhere, tar -xf unpacks it as %s; %s continues it\n", name.c_str(),
              base::proposal({"assay", "run", name}).c_str());
}

Exit pack(const cli::Values& values) {
  const auto run = open_run(values);
  const auto file = values.text("FILE", "");
  if (!file.ends_with(".tar.gz") && !file.ends_with(".tgz"))
    base::fail(Exit::config, "{}: the name of the archive must end in .tar.gz", file);
  if (os::file_size(file) && !values.flag("--force"))
    base::fail(Exit::config, "{} exists already; --force replaces it", file);
  const auto figures = pipeline::pack(run, file);
  const auto name = std::filesystem::absolute(run.folder() / "").lexically_normal().parent_path().filename().string();
  if (values.flag("--json")) {
    std::printf("%s\n", base::Json{{"file", file},
                                   {"folder", name},
                                   {"files", figures.files},
                                   {"bytes", figures.bytes},
                                   {"left_out", figures.left_out},
                                   {"left_out_bytes", figures.left_out_bytes},
                                   {"unfinished", figures.unfinished}}
                            .dump(2)
                            .c_str());
    return Exit::done;
  }
  show(figures, file, name);
  return Exit::done;
}

}  // namespace

cli::Verb pack_verb() {
  using Kind = cli::Option::Kind;
  return {"pack",
          "one archive of a run folder without checkpoints: assay pack RUN run.tar.gz",
          {{.name = "RUN", .help = "run folder", .required = true},
           {.name = "FILE", .help = "archive to write, .tar.gz", .required = true},
           {.kind = Kind::flag, .name = "--force", .help = "replace an archive of that name"},
           {.kind = Kind::flag, .name = "--json", .help = "as JSON"}},
          pack};
}

}  // namespace assay::apps
