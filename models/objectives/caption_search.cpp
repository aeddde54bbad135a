#include "models/objectives/caption_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "models/objectives/caption_decoder.h"

namespace aio::models {
namespace {

/// The beginning of a caption.
struct Hypothesis {
  std::vector<std::int64_t> words;
  double sum = 0;  ///< of log-probabilities
};

/// A hypothesis and the word it would go on with.
struct Candidate {
  std::size_t hypothesis;
  std::int64_t word;
  double sum;
  bool operator<(const Candidate& other) const {
    if (sum != other.sum) return sum > other.sum;
    return hypothesis != other.hypothesis ? hypothesis < other.hypothesis : word < other.word;
  }
};

double log_sum_exp(const double* logits, std::int64_t count) {
  const double most = *std::max_element(logits, logits + count);
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += std::exp(logits[i] - most);
  return most + std::log(sum);
}

/// The beam of one video.
class Beam {
 public:
  explicit Beam(const CaptionSearch& search) : search_(search), live_(1) {}

  const std::vector<Hypothesis>& live() const { return live_; }

  /// logits [live, vocab] -> which of the live hypotheses each new one goes on with.
  std::vector<std::int64_t> step(const double* logits, std::int64_t vocab) {
    const std::size_t places = static_cast<std::size_t>(search_.beams) - ended_.size();
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < live_.size(); ++i)
      add_best(candidates, i, logits + static_cast<std::int64_t>(i) * vocab, vocab, places);
    std::sort(candidates.begin(), candidates.end());
    candidates.resize(std::min(candidates.size(), places));
    std::vector<Hypothesis> next;
    std::vector<std::int64_t> source;
    for (const Candidate& candidate : candidates) {
      Hypothesis hypothesis{live_[candidate.hypothesis].words, candidate.sum};
      if (candidate.word == search_.tokens.sep) {
        end(std::move(hypothesis), 1);
      } else {
        hypothesis.words.push_back(candidate.word);
        next.push_back(std::move(hypothesis));
        source.push_back(static_cast<std::int64_t>(candidate.hypothesis));
      }
    }
    live_ = std::move(next);
    return source;
  }

  /// The best that has ended, once those that have not count too.
  Caption best() {
    for (Hypothesis& hypothesis : live_) end(std::move(hypothesis), 0);
    live_.clear();
    return *std::max_element(ended_.begin(), ended_.end(),
                             [](const Caption& a, const Caption& b) { return a.score < b.score; });
  }

 private:
  /// The `places` best words after one hypothesis: no other can be among the best of all.
  void add_best(std::vector<Candidate>& candidates, std::size_t hypothesis, const double* logits, std::int64_t vocab,
                std::size_t places) const {
    const double normalizer = log_sum_exp(logits, vocab);
    check(std::isfinite(normalizer), ErrorCode::value, "captions: the model's scores are not finite");
    std::vector<std::int64_t> words(static_cast<std::size_t>(vocab));
    std::iota(words.begin(), words.end(), 0);
    const std::size_t kept = std::min(places, words.size());
    std::partial_sort(
        words.begin(), words.begin() + static_cast<std::int64_t>(kept), words.end(),
        [&](std::int64_t a, std::int64_t b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; });
    for (std::size_t i = 0; i < kept; ++i)
      candidates.push_back({hypothesis, words[i], live_[hypothesis].sum + logits[words[i]] - normalizer});
  }

  void end(Hypothesis hypothesis, std::size_t separators) {
    const auto tokens = static_cast<double>(hypothesis.words.size() + separators);
    ended_.push_back({std::move(hypothesis.words), hypothesis.sum / std::pow(tokens, search_.length_penalty)});
  }

  const CaptionSearch& search_;
  std::vector<Hypothesis> live_;  // best first; at the beginning the empty caption
  std::vector<Caption> ended_;
};

/// The word that each of a video's rows goes on with; rows without a hypothesis repeat the first, unheard.
void add_words(std::vector<std::int64_t>& words, const Beam& beam, const CaptionSearch& search) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(search.beams); ++i) {
    const bool begun = i < beam.live().size() && !beam.live()[i].words.empty();
    words.push_back(begun ? beam.live()[i].words.back() : search.tokens.cls);
  }
}

}  // namespace

std::vector<Caption> search_captions(const AllInOne& model, const VideoTokens& video, const CaptionSearch& search,
                                     nn::ForwardCtx& ctx, const InputOptions& options) {
  check(search.beams > 0 && search.max_words > 0, ErrorCode::value, "captions: ", search.beams, " beams and ",
        search.max_words, " words, expected positive numbers");
  const NoGrad no_grad;
  const std::int64_t B = video.tokens.dim(0), K = search.beams;
  const std::int64_t steps = std::min(search.max_words, model.config.max_text_len - 1);
  CaptionDecoder decoder(model, video, K, steps, ctx, options);
  std::vector<Beam> beams(static_cast<std::size_t>(B), Beam(search));
  for (std::int64_t step = 0; step < steps; ++step) {
    std::vector<std::int64_t> words, source;
    for (const Beam& beam : beams) add_words(words, beam, search);
    const Tensor logits = cast(decoder.next(words, search.tokens.mask, ctx).to(Device{}), DType::f64);
    const std::vector<double> values = logits.to_vector<double>();
    const std::int64_t vocab = logits.dim(1);
    bool any = false;
    for (std::int64_t b = 0; b < B; ++b) {
      Beam& beam = beams[static_cast<std::size_t>(b)];
      std::vector<std::int64_t> from = beam.step(values.data() + b * K * vocab, vocab);
      from.resize(static_cast<std::size_t>(K), 0);
      for (const std::int64_t row : from) source.push_back(b * K + row);
      any = any || !beam.live().empty();
    }
    if (!any) break;
    if (K > 1) decoder.reorder(source);
  }
  std::vector<Caption> captions;
  for (Beam& beam : beams) captions.push_back(beam.best());
  return captions;
}

std::vector<std::vector<std::int64_t>> generate_captions(const AllInOne& model, const VideoTokens& video,
                                                         std::int64_t max_words, nn::ForwardCtx& ctx,
                                                         const CaptionTokens& tokens, const InputOptions& options) {
  std::vector<std::vector<std::int64_t>> captions;
  CaptionSearch search;
  search.max_words = max_words;
  search.tokens = tokens;
  for (Caption& caption : search_captions(model, video, search, ctx, options))
    captions.push_back(std::move(caption.words));
  return captions;
}

}  // namespace aio::models
