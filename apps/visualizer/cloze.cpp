#include "apps/visualizer/cloze.h"

#include <algorithm>

#include "autograd/autograd.h"
#include "autograd/ops.h"

namespace aio::apps {

std::vector<Guess> guess_words(const Subject& subject, const std::vector<Word>& masked, std::int64_t candidates) {
  const NoGrad no_grad;
  nn::ForwardCtx ctx = nn::ForwardCtx::eval();
  const models::AllInOne& model = subject.model();
  const models::MlmHead& head = models::require_head(model.heads.mlm, "cloze", "mlm_score");
  std::vector<std::int64_t> ids = subject.ids;
  for (const Word& word : masked) {
    std::fill_n(ids.begin() + word.first, word.pieces, subject.tokenizer->special().mask);
  }
  models::EncodeOptions options;
  options.reads = models::Reads::text;
  const models::Encoded joint =
      model.encode(model.embed_text(subject.text(ids), ctx), model.embed_video(subject.frames, ctx), ctx, options);
  std::vector<Guess> guesses;
  for (const Word& word : masked) {
    const Tensor logits =
        head.forward(slice(select(joint.text, 0, 0), 0, word.first, word.first + word.pieces), ctx);  // [pieces, V]
    const ValuesAndIndices best = topk(softmax(cast(logits, DType::f32)), std::min(candidates, logits.dim(1)));
    const std::vector<float> values = best.values.to_vector<float>();
    const std::vector<std::int64_t> indices = best.indices.to_vector<std::int64_t>();
    Guess guess{word, {}, {}};
    std::vector<std::int64_t> pieces;
    for (std::int64_t i = 0; i < word.pieces; ++i) {
      pieces.push_back(indices[static_cast<std::size_t>(i * best.indices.dim(1))]);
    }
    guess.answer = subject.tokenizer->decode(pieces);
    for (std::size_t i = 0; i < static_cast<std::size_t>(best.indices.dim(1)); ++i) {
      guess.candidates.emplace_back(subject.tokenizer->token(indices[i]), values[i]);
    }
    guesses.push_back(std::move(guess));
  }
  return guesses;
}

std::string masked_sentence(const std::vector<Word>& words, const std::vector<Word>& masked) {
  std::string text;
  for (const Word& word : words) {
    const bool hidden =
        std::any_of(masked.begin(), masked.end(), [&](const Word& other) { return other.first == word.first; });
    text += (text.empty() ? "" : " ") + (hidden ? std::string("[MASK]") : word.text);
  }
  return text;
}

}  // namespace aio::apps
