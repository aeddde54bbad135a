#include "bench/bench.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace aio::bench {

std::span<const Benchmark> benchmarks() {
  constexpr unsigned kTimed = kTakesRounds | kTakesCpuTime, kCases = kTakesFilter | kTimed;
  static constexpr Benchmark all[] = {
      {"gemm", "matrix products at the model's shapes, each provider against the FMA peak", run_gemm, kCases},
      {"ops", "memory-bound operations against a copy of the same bytes, and PyTorch", run_ops, kCases, "PyTorch"},
      {"mlp", "a training step of an MLP block, 768 -> 3072 -> 768 over 2844 rows", run_mlp, kTimed, "PyTorch"},
      {"overhead", "10,000 tiny additions with autograd: what an op costs beside its arithmetic", run_overhead, kTimed,
       "PyTorch"},
      {"tokenizer", "captions to ids, on one core, beside Hugging Face's tokenizer", run_tokenizer,
       kTakesFilter | kTakesRounds, "tokenizers"},
      {"data", "videos per CPU second, file to 3 frames of 224 x 224, beside decord and PyAV", run_data,
       kTakesFilter | kTakesRounds, "decord and av"},
      {"retrieval", "a query against galleries of 1e3 to 1e6 videos, beside FAISS", run_retrieval, kCases, "faiss",
       true},
      {"captions", "greedy captions, keys and values kept or recomputed", run_captions, kCases},
      {"pictures", "JPEG pictures decoded, by stb_image, by libjpeg-turbo and beside PIL", run_pictures,
       kTakesFilter | kTakesRounds, "PIL"},
      {"decode-memory", "memory held after 200 and after 10,000 clips", run_decode_memory},
      {"startup", "from nothing to the first training step, weights from a file or drawn", run_startup,
       kTakesFilter | kTakesRounds},
      {"scaling", "how a training step would spread over up to 64 threads, by the clock of each piece", run_scaling,
       kTakesFilter | kTakesRounds},
      {"gpu", "the kernels of the first CUDA device at the model's shapes, and what it does at best", run_gpu,
       kTakesFilter | kTakesRounds | kTakesSmall},
  };
  return all;
}

// ---- report ------------------------------------------------------------------------------------------------------

namespace {

std::string text_of(const Report::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const double number = std::get<double>(value);
  char buffer[32];
  const char* format = number >= 100 || number == 0 ? "%.0f" : number >= 10 ? "%.1f" : number >= 0.01 ? "%.3f" : "%.2e";
  std::snprintf(buffer, sizeof(buffer), format, number);
  return buffer;
}

void print_line(const Report::Fields& fields, bool names) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& [name, value] = fields[i];
    const std::string text = names ? name : text_of(value);
    // The first column is the case's name; the others are as wide as their headings, at least 9.
    const int width = i == 0 ? -34 : static_cast<int>(std::max<std::size_t>(name.size(), 9));
    std::printf("%*s%s", width, text.c_str(), i + 1 < fields.size() ? "  " : "\n");
  }
  std::fflush(stdout);
}

nlohmann::ordered_json json_of(const Report::Fields& fields) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [name, value] : fields) std::visit([&, &key = name](const auto& v) { object[key] = v; }, value);
  return object;
}

}  // namespace

void Report::fact(const std::string& name, Value value) {
  if (!json_) std::printf("%s: %s\n", name.c_str(), text_of(value).c_str());
  facts_.emplace_back(name, std::move(value));
}

void Report::row(Fields fields) {
  if (!json_) {
    if (rows_.empty()) print_line(fields, true);
    print_line(fields, false);
  }
  rows_.push_back(std::move(fields));
}

void Report::finish(std::string_view benchmark) const {
  if (!json_) return;
  nlohmann::ordered_json document{{"benchmark", benchmark}};
  document.update(json_of(facts_));
  document["rows"] = nlohmann::ordered_json::array();
  for (const Fields& fields : rows_) document["rows"].push_back(json_of(fields));
  std::printf("%s\n", document.dump().c_str());
}

// ---- time --------------------------------------------------------------------------------------------------------

namespace {

double now(bool cpu_time) {
  timespec time{};
  clock_gettime(cpu_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double seconds(const std::function<void()>& body, int calls, bool cpu_time) {
  const double start = now(cpu_time);
  for (int i = 0; i < calls; ++i) body();
  return now(cpu_time) - start;
}

}  // namespace

std::vector<Time> time_in_turns(std::span<const std::function<void()>> contenders, const Options& options) {
  constexpr double kTurn = 0.01;
  std::vector<int> calls;
  for (const auto& contender : contenders) {
    contender();  // first touch of memory
    const double once = seconds(contender, 1, options.cpu_time);
    calls.push_back(static_cast<int>(std::clamp(kTurn / std::max(once, 1e-9), 1.0, 1e6)));
  }
  std::vector<std::vector<double>> turns(contenders.size());
  for (int round = 0; round < options.rounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      turns[i].push_back(seconds(contenders[i], calls[i], options.cpu_time) / calls[i]);
    }
  }
  std::vector<Time> times;
  for (auto& turn : turns) {
    std::sort(turn.begin(), turn.end());
    times.push_back({turn.front(), turn[turn.size() / 2]});
  }
  return times;
}

}  // namespace aio::bench
