#pragma once
// What the benchmarks of aio_bench share: how they are listed, timed and reported.
//
// A benchmark is one function in bench/<name>.cpp, declared here and listed in bench.cpp. It times contenders in turns,
// adds a row per case to the report, and judges nothing: ratios are for the reader and for CI to compare.

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace aio::bench {

struct Options {
  bool json = false;
  std::string filter;     ///< only cases whose name contains it
  int threads = 0;        ///< 0: as many as the process may use
  int rounds = 7;         ///< turns of each contender
  std::string peer;       ///< a Python interpreter to time beside ours; empty: none
  bool small = false;     ///< gpu: a size that the emulation can run
  bool cpu_time = false;  ///< count CPU time, not the clock's: for one thread on a machine that others use too

  bool selects(std::string_view name) const { return name.find(filter) != std::string_view::npos; }
};

/// A table under construction: facts about the run, then rows of named values, the same names in every row. Names are
/// both headings and JSON keys: lower_case, ratios "of_..." or "vs_..." and above 1 when we are faster.
class Report {
 public:
  using Value = std::variant<double, std::string>;
  using Fields = std::vector<std::pair<std::string, Value>>;

  explicit Report(bool json) : json_(json) {}
  void fact(const std::string& name, Value value);
  /// Prints the row at once unless JSON is asked for; with the first row, the heading.
  void row(Fields fields);
  /// Ends the run: with JSON, prints {"benchmark": ..., facts, "rows": [...]} on one line.
  void finish(std::string_view benchmark) const;
  bool empty() const { return rows_.empty(); }

 private:
  bool json_;
  Fields facts_;
  std::vector<Fields> rows_;
};

/// Seconds for one call.
struct Time {
  double best = 0;
  double median = 0;
};

/// Times the contenders in turns, `options.rounds` times each, a turn being as many calls as take about 10 ms. In
/// turns, since the clock and the neighbours on the machine change over seconds: their ratio is then steadier than
/// either time. (Google Benchmark repeats one contender to the end before it starts the next; interleaving it randomly
/// is possible, but not comparing round by round.)
std::vector<Time> time_in_turns(std::span<const std::function<void()>> contenders, const Options& options);

/// FMA throughput of the widest vectors of this build, floats, on all threads of the arena: a contender that does
/// `fma_peak_flops()` floating-point operations a call.
void fma_peak_call();
double fma_peak_flops();

/// Options that a benchmark reads beside --json and --threads.
enum Takes : unsigned { kTakesFilter = 1, kTakesRounds = 2, kTakesCpuTime = 4, kTakesSmall = 8 };

struct Benchmark {
  const char* name;
  const char* help;
  void (*run)(const Options& options, Report& report);
  unsigned takes = 0;          ///< sum of Takes
  const char* peer = nullptr;  ///< --peer: what its interpreter must have; null: no peer
  bool peer_cpu_time = false;  ///< the peer can count CPU time, too
};

std::span<const Benchmark> benchmarks();

void run_gemm(const Options& options, Report& report);
void run_ops(const Options& options, Report& report);
void run_mlp(const Options& options, Report& report);
void run_overhead(const Options& options, Report& report);
void run_tokenizer(const Options& options, Report& report);
void run_data(const Options& options, Report& report);
void run_retrieval(const Options& options, Report& report);
void run_captions(const Options& options, Report& report);
void run_pictures(const Options& options, Report& report);
void run_decode_memory(const Options& options, Report& report);
void run_startup(const Options& options, Report& report);
void run_scaling(const Options& options, Report& report);
void run_gpu(const Options& options, Report& report);

}  // namespace aio::bench
