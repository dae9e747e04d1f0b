// assay site: what this cluster is like, as a site file to correct.
#include <cstdio>

#include "apps/assay/verbs.hpp"
#include "base/command.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "launch/site.hpp"
#include "os/file.hpp"
#include "os/host.hpp"

namespace assay::apps {
namespace {

base::Exit site(const cli::Values& values) {
  const auto probe = launch::probe_cluster();
  const auto text = launch::to_toml(launch::propose_site(probe), probe);
  auto file = values.text("FILE");
  if (!file && values.flag("--write")) file = os::environment("HOME").value_or(".") + "/.config/assay/site.toml";
  if (!file) {
    std::fputs(text.c_str(), stdout);
    base::log_info("{} keeps this as ~/.config/assay/site.toml", base::proposal({"assay", "site", "--write"}));
    return base::Exit::done;
  }
  os::make_folders(std::filesystem::absolute(*file).parent_path(), os::Rights::by_umask);
  if (os::file_size(*file) || !os::publish_once(*file, text, os::Rights::by_umask)) {
    base::fail(base::Exit::config, "{} exists already: change it there, or name another file", *file);
  }
  std::printf("%s written: look through it before the first submission\n", file->c_str());
  return base::Exit::done;
}

}  // namespace

cli::Verb site_verb() {
  return {"site",
          "probe this cluster and propose a site file",
          {{.name = "FILE", .help = "file to write"},
           {.kind = cli::Option::Kind::flag, .name = "--write", .help = "write ~/.config/assay/site.toml"}},
          site};
}

}  // namespace assay::apps
