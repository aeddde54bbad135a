#include "apps/evaluator/pretrain.h"

#include "apps/evaluator/json_line.h"
#include "apps/trainer/model_batch.h"
#include "autograd/autograd.h"
#include "autograd/ops.h"
#include "data/dice.h"
#include "models/objectives/mlm.h"
#include "models/objectives/multiple_choice.h"
#include "models/objectives/objective.h"

namespace aio::apps {
namespace {

/// Masked tokens of one sample and what the model takes them for.
struct MaskedWords {
  std::vector<std::int64_t> truth, guess;
};

std::vector<std::string> metric_names(const models::AllInOne& model) {
  std::vector<std::string> names;
  if (model.heads.mlm) names.emplace_back("mlm_accuracy");
  if (model.heads.vtm) names.emplace_back("vtm_accuracy");
  return names;
}

class PretrainScores {
 public:
  PretrainScores(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options)
      : model_(model),
        split_(split),
        ctx_(nn::ForwardCtx::eval(options.compute)),
        input_{.images = split.loader.images},
        tally_(metric_names(model)) {}

  void add(const Batch& batch, const ViewReader& reader) {
    const models::VideoTokens videos = models::embed_input(model_, batch.frames, ctx_, input_);
    std::vector<Sample> samples;
    for (const std::int64_t row : batch.rows) samples.push_back(reader.sample(row));
    std::vector<MaskedWords> words(samples.size());
    std::vector<std::optional<Matches>> matches(samples.size());
    if (model_.heads.mlm) words = masked_words(batch, videos);
    if (model_.heads.vtm) matches = match(batch, samples, videos);
    for (std::size_t i = 0; i < samples.size(); ++i) add_sample(batch, i, samples[i], words[i], matches[i]);
  }

  Evaluation finish() { return tally_.finish(std::move(predictions_)); }

 private:
  /// Match logits (match minus no match) of a sample's pairs.
  struct Matches {
    double own = 0;
    std::optional<double> other, flipped;
    std::string other_id, flipped_text;
  };

  std::vector<MaskedWords> masked_words(const Batch& batch, const models::VideoTokens& videos) {
    models::EncodeOptions encode = models::encode_options(input_);
    encode.reads = models::Reads::text;
    const models::TextTokens text = model_.embed_text({batch.mlm_ids, batch.text.mask}, ctx_);
    const models::Encoded joint = model_.encode(text, videos, ctx_, encode);
    std::vector<MaskedWords> words(static_cast<std::size_t>(batch.size()));
    const models::MlmLoss scored = models::mlm_loss(model_.heads, joint.text, batch.mlm_labels, ctx_);
    if (scored.logits.dim(0) == 0) return words;
    const std::vector<std::int64_t> guesses = argmax(scored.logits).to_vector<std::int64_t>();
    const std::vector<std::int64_t> labels = batch.mlm_labels.to_vector<std::int64_t>();
    const auto length = static_cast<std::size_t>(batch.mlm_labels.dim(1));
    std::size_t next = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] < 0) continue;
      words[i / length].truth.push_back(labels[i]);
      words[i / length].guess.push_back(guesses[next++]);
    }
    return words;
  }

  /// Another video of the batch for the caption of sample i: from a random one on the first that shows something else.
  std::optional<std::int64_t> other_video(const Batch& batch, const std::vector<Sample>& samples, std::size_t i) const {
    const auto B = static_cast<std::int64_t>(samples.size());
    if (B < 2) return std::nullopt;
    using enum Draw;
    Dice dice(draw_key(split_.loader.seed, false_video, 0, batch.rows[i]));
    const std::int64_t first = dice.below(B - 1);
    for (std::int64_t step = 0; step < B - 1; ++step) {
      const std::int64_t other = (static_cast<std::int64_t>(i) + 1 + (first + step) % (B - 1)) % B;
      const auto at = static_cast<std::size_t>(other);
      if (batch.readable[at] != 0 && !same_scene(samples[i], samples[at])) return other;
    }
    return std::nullopt;
  }

  std::vector<std::optional<Matches>> match(const Batch& batch, const std::vector<Sample>& samples,
                                            const models::VideoTokens& videos) {
    // Rows of texts: the samples' own captions, then the flipped ones there are.
    std::vector<std::string> texts = batch.texts;
    std::vector<std::optional<Matches>> result(samples.size());
    models::Pairs pairs;
    std::vector<double*> places;  // where each pair's score belongs
    const auto add = [&](std::size_t text, std::int64_t video, double* place) {
      pairs.texts.push_back(static_cast<std::int64_t>(text));
      pairs.videos.push_back(video);
      places.push_back(place);
    };
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (batch.readable[i] == 0) continue;
      Matches& made = result[i].emplace();
      add(i, static_cast<std::int64_t>(i), &made.own);
      if (const auto other = other_video(batch, samples, i)) {
        made.other_id = batch.ids[static_cast<std::size_t>(*other)];
        add(i, *other, &made.other.emplace(0));
      }
      const std::vector<std::string> flipped = extra_texts(samples[i], "flipped_captions");
      if (flipped.empty() || samples[i].captions.empty()) continue;
      made.flipped_text = flipped.front();  // of the first caption, which an evaluation reads
      add(texts.size(), static_cast<std::int64_t>(i), &made.flipped.emplace(0));
      texts.push_back(flipped.front());
    }
    if (pairs.size() == 0) return result;
    const auto length = static_cast<std::size_t>(batch.text.ids.dim(1));
    const models::TextTokens tokens =
        model_.embed_text(text_batch(split_.tokenizer->encode_batch(texts, length)), ctx_);
    const Tensor features = models::pair_features(model_, tokens, videos, pairs, ctx_, input_);
    const std::vector<float> logits =
        cast(model_.heads.vtm->forward(features, ctx_), DType::f32).to({}).to_vector<float>();
    for (std::size_t i = 0; i < places.size(); ++i) {
      *places[i] = static_cast<double>(logits[2 * i + 1]) - static_cast<double>(logits[2 * i]);
    }
    return result;
  }

  void add_sample(const Batch& batch, std::size_t i, const Sample& sample, const MaskedWords& words,
                  const std::optional<Matches>& matches) {
    const bool read = batch.readable[i] != 0;
    tally_.count(read);
    JsonLine line(sample, read);
    line.add("text", batch.texts[i]);
    for (std::size_t k = 0; k < words.truth.size(); ++k) {
      tally_.add("mlm_accuracy", read && words.truth[k] == words.guess[k] ? 1 : 0, read);
    }
    if (!words.truth.empty()) {
      line.add("masked", tokens_of(words.truth));
      if (read) line.add("prediction", tokens_of(words.guess));
    }
    if (!read && model_.heads.vtm) {  // as many wrong answers as a readable one gives answers
      for (int pair = 0; pair < 2; ++pair) tally_.add("vtm_accuracy", 0, false);
      if (!extra_texts(sample, "flipped_captions").empty()) {
        for (int pair = 0; pair < 2; ++pair) tally_.add("vtm_hard_accuracy", 0, false);
      }
    }
    if (matches) add_matches(*matches, line);
    predictions_.push_back(line.text());
  }

  void add_matches(const Matches& matches, JsonLine& line) {
    line.add("match", matches.own);
    const double own_right = matches.own > 0 ? 1 : 0;
    if (matches.other) {
      line.add("other", matches.other_id).add("match_other", *matches.other);
      tally_.add("vtm_accuracy", own_right, true);
      tally_.add("vtm_accuracy", *matches.other > 0 ? 0 : 1, true);
    }
    if (matches.flipped) {
      line.add("flipped", matches.flipped_text).add("match_flipped", *matches.flipped);
      tally_.add("vtm_hard_accuracy", own_right, true);
      tally_.add("vtm_hard_accuracy", *matches.flipped > 0 ? 0 : 1, true);
    }
  }

  std::vector<std::string> tokens_of(const std::vector<std::int64_t>& ids) const {
    std::vector<std::string> tokens;
    for (const std::int64_t id : ids) tokens.push_back(split_.tokenizer->token(id));
    return tokens;
  }

  const models::AllInOne& model_;
  const EvalSplit& split_;
  nn::ForwardCtx ctx_;
  models::InputOptions input_;
  Tally tally_;
  std::vector<std::string> predictions_;
};

}  // namespace

Evaluation evaluate_pretrain(const models::AllInOne& model, const EvalSplit& split, const EvalOptions& options) {
  split.expect_task("pretrain", {Task::pretrain, Task::retrieval, Task::caption});
  if (!model.heads.vtm) models::require_head(model.heads.mlm, "pretrain", "mlm_score");
  const NoGrad no_grad;
  LoaderOptions loader = split.loader;
  if (!loader.mlm) loader.mlm = MaskingOptions{};
  ViewReader reader(split, 1, loader);
  PretrainScores scores(model, split, options);
  std::int64_t done = 0;
  for (std::vector<Batch> views = reader.next(); !views.empty(); views = reader.next()) {
    scores.add(views.front(), reader);
    done += views.front().size();
    if (options.progress) options.progress(done, split.size());
  }
  return scores.finish();
}

}  // namespace aio::apps
