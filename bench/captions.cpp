// aio_bench captions: greedy captions, one video of 3 frames, 10 words: with the keys and values of earlier words kept
// (CaptionDecoder) and recomputing everything for each word, the video's tokens given to both.

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "bench/bench.h"
#include "models/objectives/caption.h"
#include "models/objectives/caption_search.h"
#include "tensor/random.h"

namespace aio::bench {
namespace {

constexpr std::int64_t kWords = 10;
constexpr models::CaptionTokens kTokens{.cls = 101, .sep = -1, .mask = 103};  // no word ends the caption early

void recompute(const models::AllInOne& model, const models::VideoTokens& video, nn::ForwardCtx& ctx) {
  const NoGrad no_grad;
  std::vector<std::int64_t> ids{kTokens.cls};
  for (std::int64_t word = 0; word < kWords; ++word) {
    const Shape shape{1, static_cast<std::int64_t>(ids.size())};
    const models::TextBatch text{Tensor::from(ids, shape), Tensor::full(shape, 1, {DType::i64, {}})};
    const Tensor next = argmax(models::next_token_logits(model, text, video, kTokens.mask, ctx));
    ids.push_back(static_cast<std::int64_t>(next.item()));
  }
}

}  // namespace

void run_captions(const Options& options, Report& report) {
  for (const std::string size : {"ti", "s", "b"}) {
    if (!options.selects(size)) continue;
    models::AioConfig config = models::config_for_size(size);
    config.head.caption = true;
    nn::ParamStore store(1);
    const models::AllInOne model(store, config);
    nn::ForwardCtx ctx = nn::ForwardCtx::eval();
    const models::VideoTokens video = model.embed_video(normal({1, 3, 3, 224, 224}, 0, 1, {1}), ctx);
    const std::function<void()> contenders[] = {[&] { models::generate_captions(model, video, kWords, ctx, kTokens); },
                                                [&] { recompute(model, video, ctx); }};
    const std::vector<Time> times = time_in_turns(contenders, options);
    report.row({{"case", size},
                {"caption_ms", 1e3 * times[0].best},
                {"words_per_s", kWords / times[0].best},
                {"recomputed_words_per_s", kWords / times[1].best},
                {"vs_recomputed", times[1].best / times[0].best}});
  }
}

}  // namespace aio::bench
