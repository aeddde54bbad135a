#include "apps/trainer/averages.h"

#include <nlohmann/json.hpp>

#include "autograd/autograd.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

constexpr std::size_t kMostPending = 4096;  // tensors: what a log line of many steps would otherwise hold

void add_to(Averages::Entry& entry, double sum, double count) {
  entry.sum += sum;
  entry.count += count;
}

void add_matches_to(Averages::Entry& entry, const std::vector<std::int64_t>& guesses,
                    const std::vector<std::int64_t>& labels) {
  double right = 0, judged = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    judged += 1;
    right += guesses[i] == labels[i] ? 1 : 0;
  }
  add_to(entry, right, judged);
}

}  // namespace

Averages::Entry& Averages::entry(std::vector<Entry>& entries, std::string_view name) {
  for (Entry& known : entries) {
    if (known.name == name) return known;
  }
  return entries.emplace_back(Entry{std::string(name)});
}

void Averages::add(std::string_view name, double sum, double count) { add_to(entry(entries_, name), sum, count); }

void Averages::add(std::string_view name, const Tensor& loss) {
  if (loss.device().is_cpu()) return add(name, loss.item());
  add_pending({std::string(name), detach(loss), {}});
}

void Averages::add_matches(std::string_view name, const Tensor& guesses, const Tensor& labels) {
  check(guesses.numel() == labels.numel(), ErrorCode::shape, "averages: ", name, " has guesses ", describe(guesses),
        " and labels ", describe(labels), ", expected as many of both");
  if (guesses.device().is_cpu()) {
    return add_matches_to(entry(entries_, name), guesses.to_vector<std::int64_t>(), labels.to_vector<std::int64_t>());
  }
  add_pending({std::string(name), guesses, labels});
}

void Averages::add_pending(Pending pending) {
  entry(entries_, pending.name);  // takes its place among the others
  pending_.push_back(std::move(pending));
  if (pending_.size() >= kMostPending) settle();
}

void Averages::add(const Averages& other) {
  for (const Entry& added : other.entries_) add(added.name, added.sum, added.count);
  for (const Pending& pending : other.pending_) add_pending(pending);
}

Averages Averages::copied(const std::function<Tensor(const Tensor&)>& copy) const {
  Averages result = *this;
  for (Pending& pending : result.pending_) {
    pending.value = copy(pending.value);
    if (pending.labels.defined()) pending.labels = copy(pending.labels);
  }
  return result;
}

void Averages::clear() {
  entries_.clear();
  pending_.clear();
}

void Averages::settle() const {
  for (const Pending& pending : pending_) {
    Entry& known = entry(entries_, pending.name);
    if (pending.value.dtype() == DType::i64) {
      add_matches_to(known, pending.value.to_vector<std::int64_t>(), pending.labels.to_vector<std::int64_t>());
    } else {
      add_to(known, pending.value.item(), 1);
    }
  }
  pending_.clear();
}

const std::vector<Averages::Entry>& Averages::entries() const {
  settle();
  return entries_;
}

double Averages::mean(std::string_view name) const {
  for (const Entry& known : entries()) {
    if (known.name == name) return known.mean();
  }
  return 0;
}

std::string Averages::to_json() const {
  nlohmann::json json = nlohmann::json::array();
  for (const Entry& known : entries()) json.push_back({known.name, known.sum, known.count});
  return json.dump();
}

Averages Averages::from_json(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  check(json.is_array(), ErrorCode::format, "averages: not an array");
  Averages averages;
  for (const auto& entry : json) {
    check(entry.is_array() && entry.size() == 3 && entry[0].is_string() && entry[1].is_number() && entry[2].is_number(),
          ErrorCode::format, "averages: an entry is ", entry.dump(), ", expected [name, sum, count]");
    averages.entries_.push_back({entry[0].get<std::string>(), entry[1].get<double>(), entry[2].get<double>()});
  }
  return averages;
}

}  // namespace aio::apps
