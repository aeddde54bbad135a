// aio_bench retrieval: what a text query costs against galleries of growing size. By the contrastive score (BVTC) the
// videos are vectors made once, and a query is an exact search among them: linear, at the speed of memory
// (`of_read`: a read of the same bytes in the same run), beside FAISS's flat index. By the match score (VTM) every pair
// goes through the joint pass: `vtm_query_s` is the measured cost of a pair times the gallery.

#include <algorithm>
#include <optional>

#include "bench/bench.h"
#include "bench/python_peer.h"
#include "data/vector_search.h"
#include "models/objectives/retrieval.h"
#include "tensor/cpu/simd.h"
#include "tensor/parallel.h"
#include "tensor/random.h"
#include "tensor/raw.h"

namespace aio::bench {
namespace {

constexpr std::int64_t kWidth = 512;  // of the contrastive space
constexpr std::int64_t kTop = 10, kQueries = 64;

/// Reads the whole gallery once, on all threads.
void read_all(const Tensor& gallery) {
  const float* const data = gallery.data<float>();
  parallel_for(gallery.dim(0), 1024, [&](std::int64_t begin, std::int64_t end) {
    volatile float sum = cpu::sum_row(data + begin * kWidth, (end - begin) * kWidth);
    static_cast<void>(sum);
  });
}

/// Seconds of a pair in the joint pass of the paper's B model: 3 frames of 224 x 224, a caption of 14 tokens.
double pair_seconds(const Options& options) {
  constexpr std::int64_t kPairs = 4, kTokens = 14;
  models::AioConfig config = models::config_for_size("b");
  config.head.rank = true;
  nn::ParamStore store(1);
  const models::AllInOne model(store, config);
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const models::VideoTokens video = model.embed_video(normal({1, 3, 3, 224, 224}, 0, 1, {1}), ctx);
  const models::TextBatch text{random_integers({kPairs, kTokens}, 5, config.vocab_size, {2}),
                               Tensor::full({kPairs, kTokens}, 1, {DType::i64, {}})};
  const models::TextTokens texts = model.embed_text(text, ctx);
  const models::Pairs pairs{{0, 1, 2, 3}, {0, 0, 0, 0}};
  const std::function<void()> call[] = {[&] { models::match_scores(model, texts, video, pairs, ctx); }};
  Options few = options;
  few.rounds = std::min(options.rounds, 3);
  return time_in_turns(call, few)[0].best / static_cast<double>(kPairs);
}

}  // namespace

void run_retrieval(const Options& options, Report& report) {
  const auto peer =
      start_peer(options, report, kFaissPeer, {std::to_string(num_threads()), options.cpu_time ? "cpu" : "wall"});
  std::optional<double> pair;
  if (options.selects("vtm")) {
    pair = pair_seconds(options);
    report.fact("vtm_pair_ms", 1e3 * *pair);
  }
  for (const auto& [name, rows] : {std::pair{"1e3", 1'000}, {"1e4", 10'000}, {"1e5", 100'000}, {"1e6", 1'000'000}}) {
    if (!pair && !options.selects(name)) continue;
    const Tensor gallery = uniform({rows, kWidth}, -1, 1, {1});
    const Tensor many = uniform({kQueries, kWidth}, -1, 1, {2}), one = raw::slice(many, 0, 0, 1);
    const std::function<void()> contenders[] = {[&] { nearest_rows(gallery, one, kTop); },
                                                [&] { nearest_rows(gallery, many, kTop); }, [&] { read_all(gallery); }};
    Options once = options;
    once.rounds = 1;
    double search = 1e30, searches = 1e30, read = 1e30, faiss = 1e30, faisses = 1e30;
    const std::string size = std::to_string(rows);
    for (int round = 0; round < options.rounds; ++round) {
      const std::vector<Time> times = time_in_turns(contenders, once);
      search = std::min(search, times[0].best);
      searches = std::min(searches, times[1].best);
      read = std::min(read, times[2].best);
      if (!peer) continue;
      faiss = std::min(faiss, peer->seconds("flat:" + size + ":1", 0.2).value_or(1e30));
      faisses = std::min(faisses, peer->seconds("flat:" + size + ":64", 0.2).value_or(1e30));
    }
    const double bytes = static_cast<double>(rows * kWidth) * sizeof(float);
    Report::Fields row{{"case", name},
                       {"query_ms", 1e3 * search},
                       {"gb_per_s", bytes / search / 1e9},
                       {"of_read", read / search},
                       {"of_64_queries_ms", 1e3 * searches / kQueries}};
    if (peer) {
      row.insert(row.end(), {{"faiss_query_ms", 1e3 * faiss},
                             {"vs_faiss", faiss / search},
                             {"faiss_of_64_ms", 1e3 * faisses / kQueries},
                             {"vs_faiss_of_64", faisses / searches}});
    }
    if (pair) row.emplace_back("vtm_query_s", *pair * static_cast<double>(rows));
    report.row(std::move(row));
  }
}

}  // namespace aio::bench
