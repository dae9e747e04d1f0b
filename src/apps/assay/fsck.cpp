// assay fsck: is the store of a study sound? Changes nothing.
#include "study/fsck.hpp"

#include <cstdio>

#include "apps/assay/stage_option.hpp"
#include "apps/assay/verbs.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "pipeline/steering.hpp"

namespace assay::apps {
namespace {

using base::Exit;

Exit fsck(const cli::Values& values) {
  const auto run = open_run(values);
  const auto stage = stage_of(values);
  if (!study::has_store(run.folder(stage))) pipeline::look_at(run, stage);  // says how to begin
  const auto check = study::check_store(run.folder(stage));
  if (values.flag("--json")) {
    base::Json json = {{"stage", to_string(stage)}, {"sound", !check.broken()},       {"logs", check.logs},
                       {"pieces", check.pieces},    {"records", check.records},       {"claims", check.claims},
                       {"commits", check.commits},  {"findings", base::Json::array()}};
    for (const auto& finding : check.findings) {
      json["findings"].push_back({{"broken", finding.broken}, {"text", finding.text}});
    }
    std::printf("%s\n", json.dump(2).c_str());
    return check.broken() ? Exit::io : Exit::done;
  }
  for (const auto& finding : check.findings) {
    std::printf("%s %s\n", finding.broken ? "broken:" : "note:  ", finding.text.c_str());
  }
  std::printf("%s: %s logs, %s archive pieces, %s records, %s claims, %s results: %s\n", to_string(stage).c_str(),
              base::with_commas(check.logs).c_str(), base::with_commas(check.pieces).c_str(),
              base::with_commas(check.records).c_str(), base::with_commas(check.claims).c_str(),
              base::with_commas(check.commits).c_str(), check.broken() ? "broken" : "sound");
  return check.broken() ? Exit::io : Exit::done;
}

}  // namespace

cli::Verb fsck_verb() {
  return {"fsck",
          "check every rule of a study's store; 0: sound, 74: broken",
          {{.name = "RUN", .help = "run folder", .required = true},
           stage_option(),
           {.kind = cli::Option::Kind::flag, .name = "--json", .help = "as JSON"}},
          fsck};
}

}  // namespace assay::apps
