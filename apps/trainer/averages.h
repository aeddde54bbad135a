#pragma once
// Averages: sums and counts of named quantities since the last line of the log.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aio::apps {

class Averages {
 public:
  /// `count` observations that sum up to `sum`: a loss counts 1, an accuracy its number of judged items.
  void add(std::string_view name, double sum, double count = 1);
  void add(const Averages& other);
  void clear() { entries_.clear(); }
  bool empty() const { return entries_.empty(); }

  struct Entry {
    std::string name;
    double sum = 0, count = 0;
    double mean() const { return count > 0 ? sum / count : 0; }
  };
  /// In the order of their first add().
  const std::vector<Entry>& entries() const { return entries_; }
  /// The mean, or 0 for a name that was not added.
  double mean(std::string_view name) const;

  /// For checkpoints: exact to the bit.
  std::string to_json() const;
  static Averages from_json(const std::string& json);

 private:
  std::vector<Entry> entries_;
};

}  // namespace aio::apps
