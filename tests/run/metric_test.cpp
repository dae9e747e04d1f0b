#include "run/metric.hpp"

#include <catch2/catch_test_macros.hpp>
#include <initializer_list>

using namespace assay;

TEST_CASE("shares are told by whole words of the name, and by the value") {
  for (const char* name : {"accuracy", "val_acc", "val/acc", "test.top1", "mean-recall", "Precision", "acc@1"})
    CHECK(run::named_share(name));
  for (const char* name : {"macc", "accelerator_ms", "accuracyx", "rmse", "tacc", "", "recalled"})
    CHECK_FALSE(run::named_share(name));
  CHECK(run::is_share("accuracy", 1));
  CHECK(run::is_share("accuracy", 0));
  CHECK_FALSE(run::is_share("accuracy", 92.5));
  CHECK_FALSE(run::is_share("accuracy", -0.1));
  CHECK_FALSE(run::is_share("macc", 0.5));
}

TEST_CASE("a share of rows is an accuracy and nothing else") {
  for (const char* name : {"accuracy", "val_accuracy", "test/top5", "valid_acc"})
    CHECK(run::is_share_of_rows(name, 0.5));
  for (const char* name : {"balanced_accuracy", "token_acc", "precision", "recall", "rmse"})
    CHECK_FALSE(run::is_share_of_rows(name, 0.5));
  CHECK_FALSE(run::is_share_of_rows("accuracy", 92.5));
}
