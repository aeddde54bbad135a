#include "models/checkpoint/load_report.h"

#include <algorithm>
#include <array>

#include "models/checkpoint/text.h"
#include "tensor/error.h"

namespace aio::weights {
namespace {

constexpr std::array kResults = {LoadResult::loaded, LoadResult::adapted, LoadResult::fresh, LoadResult::unused};

/// "a, b and 3 more": what the items of one kind are. Fresh and unused ones by the module, the first part of the name.
std::string examples(const std::vector<LoadItem>& items, LoadResult result) {
  std::vector<std::string> names;
  for (const LoadItem& item : items) {
    if (item.result != result) continue;
    const std::string name =
        printable(item.name.substr(0, result == LoadResult::adapted ? item.name.size() : item.name.find('.')));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return listed(names, ", ", 4);
}

}  // namespace

std::string_view to_string(LoadResult result) {
  switch (result) {
    case LoadResult::loaded: return "loaded";
    case LoadResult::adapted: return "adapted";
    case LoadResult::fresh: return "fresh";
    case LoadResult::unused: return "unused";
  }
  return {};
}

std::size_t LoadSummary::count(LoadResult result) const {
  const auto is_result = [&](const LoadItem& item) { return item.result == result; };
  return static_cast<std::size_t>(std::count_if(items.begin(), items.end(), is_result));
}

std::string LoadSummary::line() const {
  std::string text = source + ":";
  for (const LoadResult result : kResults) {
    text += message(result == LoadResult::loaded ? " " : ", ", count(result), " ", result);
    if (result != LoadResult::loaded && count(result) > 0) text += " (" + examples(items, result) + ")";
  }
  for (const std::string& note : notes) text += "; " + note;
  return text;
}

std::string LoadSummary::table() const {
  std::string text;
  for (const std::string& note : notes) text += note + "\n";
  for (const LoadResult result : kResults) {
    for (const LoadItem& item : items) {
      if (item.result != result) continue;
      std::string label(to_string(result));
      label.resize(9, ' ');
      text += label + printable(item.name) + (item.note.empty() ? "" : ": " + item.note) + "\n";
    }
  }
  return text;
}

}  // namespace aio::weights
