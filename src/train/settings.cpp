#include "train/settings.hpp"

#include <string>

#include "base/error.hpp"
#include "base/json.hpp"

namespace assay::train {
namespace {

using base::Json;

template <class T>
void read(const Json& section, const char* table, const char* key, T& value) {
  const auto found = section.find(key);
  if (found == section.end()) return;
  try {
    value = found->template get<T>();
  } catch (const Json::exception&) {
    base::fail(base::Exit::config, "{}.{} = {} has the wrong type", table, key, found->dump());
  }
}

/// Numbers of a search may be integral; a fraction where a count is needed is a mistake of the space.
template <class T>
void read_count(const Json& section, const char* table, const char* key, T& value, double least) {
  double number = static_cast<double>(value);
  read(section, table, key, number);
  if (number < least || number != static_cast<double>(static_cast<std::int64_t>(number))) {
    base::fail(base::Exit::config, "{}.{} = {} must be a whole number of at least {}", table, key, number, least);
  }
  value = static_cast<T>(number);
}

void read_number(const Json& section, const char* key, double& value, double least, double most, bool open = false) {
  read(section, "training", key, value);
  if (!(value >= least && value <= most) || (open && value == least)) {
    base::fail(base::Exit::config, "training.{} = {} is out of range: {} {} .. {}", key, value,
               open ? "more than" : "from", least, most);
  }
}

template <class T>
void read_word(const Json& section, const char* key, T& value, std::initializer_list<std::pair<const char*, T>> words) {
  std::string word, valid;
  read(section, "training", key, word);
  if (word.empty()) return;
  for (const auto& [name, meaning] : words) {
    if (word == name) {
      value = meaning;
      return;
    }
    valid += (valid.empty() ? "" : ", ") + std::string(name);
  }
  base::fail(base::Exit::config, "training.{} = \"{}\" is not one of {}", key, word, valid);
}

constexpr double huge = 1e30;

}  // namespace

Settings settings_from(const Json& training, const Json& augment) {
  Settings s;
  read_count(training, "training", "epochs", s.epochs, 1);
  read_count(training, "training", "batch_size", s.batch_size, 1);
  read_word(training, "optimizer", s.optimizer,
            {{"sgd", Settings::Optimizer::sgd}, {"adamw", Settings::Optimizer::adamw}});
  read_number(training, "lr", s.lr, 0, huge, true);
  read_number(training, "momentum", s.momentum, 0, 1);
  read(training, "training", "nesterov", s.nesterov);
  read_number(training, "weight_decay", s.weight_decay, 0, huge);
  read_number(training, "beta1", s.beta1, 0, 1);
  read_number(training, "beta2", s.beta2, 0, 1);
  read_number(training, "epsilon", s.epsilon, 0, huge);
  read_word(training, "schedule", s.schedule,
            {{"cosine", Settings::Schedule::cosine}, {"constant", Settings::Schedule::constant}});
  read_number(training, "warmup", s.warmup, 0, huge);
  read_number(training, "label_smoothing", s.label_smoothing, 0, 1);
  read_number(training, "clip_norm", s.clip_norm, 0, huge);
  read_word(training, "precision", s.precision,
            {{"fp32", Settings::Precision::fp32}, {"bf16", Settings::Precision::bf16}});
  read_count(augment, "augment", "crop", s.crop, 0);
  read(augment, "augment", "flip", s.flip);
  read_count(augment, "augment", "cutout", s.cutout, 0);
  return s;
}

}  // namespace assay::train
