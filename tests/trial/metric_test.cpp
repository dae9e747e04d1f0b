#include "trial/metric.hpp"

#include <catch2/catch_test_macros.hpp>
#include <initializer_list>
#include <limits>
#include <vector>

using namespace assay;

TEST_CASE("shares are told by whole words of the name, and by the value") {
  for (const char* name : {"accuracy", "val_acc", "val/acc", "test.top1", "mean-recall", "Precision", "acc@1"})
    CHECK(trial::named_share(name));
  for (const char* name : {"macc", "accelerator_ms", "accuracyx", "rmse", "tacc", "", "recalled"})
    CHECK_FALSE(trial::named_share(name));
  CHECK(trial::is_share("accuracy", 1));
  CHECK(trial::is_share("accuracy", 0));
  CHECK_FALSE(trial::is_share("accuracy", 92.5));
  CHECK_FALSE(trial::is_share("accuracy", -0.1));
  CHECK_FALSE(trial::is_share("macc", 0.5));
}

TEST_CASE("a share of rows is an accuracy and nothing else") {
  for (const char* name : {"accuracy", "val_accuracy", "test/top5", "valid_acc"})
    CHECK(trial::is_share_of_rows(name, 0.5));
  for (const char* name : {"balanced_accuracy", "token_acc", "precision", "recall", "rmse"})
    CHECK_FALSE(trial::is_share_of_rows(name, 0.5));
  CHECK_FALSE(trial::is_share_of_rows("accuracy", 92.5));
}

TEST_CASE("the name of a metric and its values tell where it can lie") {
  const auto range = [](const char* name, std::vector<double> values) { return trial::value_range(name, values); };
  const double infinite = std::numeric_limits<double>::infinity();
  for (const char* name : {"accuracy", "val_acc", "f1", "test/auc", "mean_iou"}) {
    CHECK(range(name, {0.2, 0.97}) == std::pair{0.0, 1.0});
    CHECK(range(name, {20, 97}) == std::pair{0.0, 100.0});
    CHECK(range(name, {-3, 2}) == std::pair{-infinite, infinite});
  }
  for (const char* name : {"rmse", "latency_ms", "val_loss", "top1_error", "train_seconds"})
    CHECK(range(name, {0.2, 700}) == std::pair{0.0, infinite});
  CHECK(range("loss", {-1, 2}).first == -infinite);
  CHECK(range("r2", {0.9, -2}) == std::pair{-infinite, 1.0});
  CHECK(range("score", {0.9, 0.2}) == std::pair{-infinite, infinite});
}
