// Trials by number. Lists share what did not change: a new one costs a pointer for each 256 trials, not for each.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <memory>
#include <vector>

#include "trial/trial.hpp"

namespace assay::trial {

/// Immutable; cheap to copy. Gaps (numbers not claimed yet) are nullptr.
class TrialList {
 public:
  using Item = std::shared_ptr<const Trial>;

  class Iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    using pointer = const Item*;
    using reference = const Item&;

    Iterator() = default;
    Iterator(const TrialList* list, std::ptrdiff_t place) : list_(list), place_(place) {}
    reference operator*() const { return (*list_)[static_cast<std::size_t>(place_)]; }
    pointer operator->() const { return &**this; }
    reference operator[](difference_type n) const { return *(*this + n); }
    Iterator& operator+=(difference_type n) {
      place_ += n;
      return *this;
    }
    Iterator& operator-=(difference_type n) { return *this += -n; }
    Iterator& operator++() { return *this += 1; }
    Iterator& operator--() { return *this += -1; }
    Iterator operator++(int) {
      const auto before = *this;
      ++*this;
      return before;
    }
    Iterator operator--(int) {
      const auto before = *this;
      --*this;
      return before;
    }
    friend Iterator operator+(Iterator a, difference_type n) { return a += n; }
    friend Iterator operator+(difference_type n, Iterator a) { return a += n; }
    friend Iterator operator-(Iterator a, difference_type n) { return a -= n; }
    friend difference_type operator-(const Iterator& a, const Iterator& b) { return a.place_ - b.place_; }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.place_ == b.place_; }
    friend auto operator<=>(const Iterator& a, const Iterator& b) { return a.place_ <=> b.place_; }

   private:
    const TrialList* list_ = nullptr;
    std::ptrdiff_t place_ = 0;
  };

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// `place` < size().
  const Item& operator[](std::size_t place) const { return (*chunks_[place / chunk_size])[place % chunk_size]; }
  const Item& front() const { return (*this)[0]; }
  const Item& back() const { return (*this)[size_ - 1]; }
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, static_cast<std::ptrdiff_t>(size_)}; }
  auto rbegin() const { return std::reverse_iterator(end()); }
  auto rend() const { return std::reverse_iterator(begin()); }

  /// Calls visit(place) for every place, ascending, whose trial is another object than in `before`. Chunks that both
  /// share are skipped.
  template <typename Visit>
  void visit_changes(const TrialList& before, Visit visit) const {
    for (std::size_t c = 0; c < chunks_.size(); ++c) {
      if (c < before.chunks_.size() && chunks_[c] == before.chunks_[c]) continue;
      for (auto place = c * chunk_size; place < std::min(size_, (c + 1) * chunk_size); ++place) {
        if (place >= before.size_ || before[place] != (*this)[place]) visit(place);
      }
    }
  }

 private:
  friend class TrialListBuilder;
  static constexpr std::size_t chunk_size = 256;
  using Chunk = std::array<Item, chunk_size>;

  std::vector<std::shared_ptr<Chunk>> chunks_;  ///< never written to once a list is handed out
  std::size_t size_ = 0;
};

/// Copies a chunk before the first write to it after list().
class TrialListBuilder {
 public:
  TrialListBuilder() = default;
  explicit TrialListBuilder(TrialList list) : list_(std::move(list)), own_(list_.chunks_.size(), false) {}
  TrialListBuilder(const TrialListBuilder&) = delete;
  TrialListBuilder& operator=(const TrialListBuilder&) = delete;
  TrialListBuilder(TrialListBuilder&&) = default;
  TrialListBuilder& operator=(TrialListBuilder&&) = default;

  /// Numbers between the last one and this stay gaps. nullptr at the end shortens the list.
  void set(TrialId number, TrialList::Item trial);
  /// What has been set so far; the builder can go on.
  TrialList list();

 private:
  TrialList list_;
  std::vector<bool> own_;  ///< chunks that no list holds yet
};

}  // namespace assay::trial
