// Looking at a study without being one of its workers.
#include <optional>

#include "base/error.hpp"
#include "base/json.hpp"
#include "study/definition.hpp"
#include "study/facts.hpp"
#include "study/log_reader.hpp"
#include "study/names.hpp"
#include "study/study.hpp"

namespace assay::study {

struct Reader::Impl {
  Impl(const Path& folder, std::optional<trial::Judge> given)
      : layout{folder}, judge(std::move(given)), logs(layout, "", [this](const std::string& worker, Record record) {
          facts.apply(facts.worker(worker), std::move(record));
        }) {}

  const std::optional<Definition>& founded() {
    if (definition) return definition;
    if (const auto json = read_definition(layout)) {
      definition = definition_from_json(*json);
      facts.set_judge(judge.value_or(trial::Judge(definition->objectives)));
    }
    return definition;
  }

  /// Results whose `won` record has not come through: the name decides.
  void settle() {
    for (const auto& item : facts.open()) {
      const auto* rung = facts.find(item);
      if (rung->committer >= 0) continue;
      const bool ended = !rung->attempts.empty() && rung->last()->outcome.has_value();
      if (!ended && !facts.closed() && !facts.generation().earlier(item)) continue;
      if (const auto winner = owner(layout.commit(item))) facts.saw_commit(item, facts.worker(*winner));
    }
  }

  Layout layout;
  std::optional<trial::Judge> judge;
  Facts facts;
  LogReader logs;
  std::optional<Definition> definition;
};

Reader::Reader(const std::filesystem::path& folder, std::optional<trial::Judge> judge)
    : impl_(std::make_unique<Impl>(folder, std::move(judge))) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;

bool Reader::founded() const { return impl_->founded().has_value(); }

trial::StudyView Reader::refresh() {
  const auto& definition = impl_->founded();
  if (!definition) return {};
  impl_->logs.expect_new_files();
  impl_->logs.read();
  auto generation = impl_->facts.generation();
  if (follow_generation(impl_->layout, generation)) impl_->facts.set_generation(std::move(generation));
  impl_->settle();
  return impl_->facts.view(definition->fidelities, 0);
}

base::Json Reader::definition() const {
  auto json = read_definition(impl_->layout);
  if (!json) {
    base::fail(base::Exit::upstream, "there is no study in {} yet: its stage has not been started",
               impl_->layout.stage.string());
  }
  return std::move(*json);
}

}  // namespace assay::study
