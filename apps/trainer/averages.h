#pragma once
// Averages: sums and counts of named quantities since the last line of the log.
//
// Numbers that a device has still to compute are kept as tensors and read when somebody asks for a result: a step does
// not wait for its own losses.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace aio::apps {

class Averages {
 public:
  /// `count` observations that sum up to `sum`: a loss counts 1, an accuracy its number of judged items.
  void add(std::string_view name, double sum, double count = 1);
  /// A loss: one element.
  void add(std::string_view name, const Tensor& loss);
  /// How many of the guesses, i64 [n], are the labels, i64 of as many elements, which lie on the host and keep their
  /// values. Labels below 0 are not judged.
  void add_matches(std::string_view name, const Tensor& guesses, const Tensor& labels);
  void add(const Averages& other);
  /// The same of other memory: `copy` makes a copy of each tensor that is still to be read.
  Averages copied(const std::function<Tensor(const Tensor&)>& copy) const;
  void clear();
  bool empty() const { return entries_.empty(); }

  struct Entry {
    std::string name;
    double sum = 0, count = 0;
    double mean() const { return count > 0 ? sum / count : 0; }
  };
  // These read what is still on a device, which waits for it.
  /// In the order of their first add().
  const std::vector<Entry>& entries() const;
  /// The mean, or 0 for a name that was not added.
  double mean(std::string_view name) const;

  /// For checkpoints: exact to the bit.
  std::string to_json() const;
  static Averages from_json(const std::string& json);

 private:
  /// Tensors of a device: a loss, or guesses with their labels.
  struct Pending {
    std::string name;
    Tensor value;
    Tensor labels;  // on the host
  };
  static Entry& entry(std::vector<Entry>& entries, std::string_view name);
  void add_pending(Pending pending);
  void settle() const;

  // Reading what is pending changes no result.
  mutable std::vector<Entry> entries_;
  mutable std::vector<Pending> pending_;
};

}  // namespace aio::apps
