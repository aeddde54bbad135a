#include "apps/data/shown_sample.h"

#include <cstring>

#include "tensor/error.h"

namespace aio::apps {
namespace {

using Kind = ShownToken::Kind;

/// Tokens of one sequence; `masked_ids` and `labels` are null where nothing is masked.
ShownText shown_text(const std::string& name, const std::int64_t* ids, const std::int64_t* mask,
                     const std::int64_t* masked_ids, const std::int64_t* labels, std::int64_t length,
                     const WordPiece& vocabulary) {
  ShownText text;
  text.name = name;
  for (std::int64_t i = 0; i < length; ++i) {
    if (mask[i] == 0) {
      ++text.padding;
      continue;
    }
    ShownToken token{vocabulary.token(ids[i]), vocabulary.is_special(ids[i]) ? Kind::special : Kind::word, {}};
    if (labels != nullptr && labels[i] != kIgnored) {
      token.hidden = vocabulary.token(labels[i]);
      token.text = vocabulary.token(masked_ids[i]);
      token.kind = masked_ids[i] == vocabulary.special().mask ? Kind::masked
                   : masked_ids[i] == labels[i]               ? Kind::kept
                                                              : Kind::replaced;
    }
    text.tokens.push_back(token);
  }
  return text;
}

/// Row `i` of [.., L]; null for an undefined tensor.
const std::int64_t* row_of(const Tensor& tensor, std::int64_t i) {
  return tensor.defined() ? tensor.data<std::int64_t>() + i * tensor.dim(-1) : nullptr;
}

std::vector<ShownText> shown_texts(const Batch& batch, std::int64_t i, const WordPiece& vocabulary) {
  std::vector<ShownText> texts;
  if (batch.text.ids.defined()) {
    texts.push_back(shown_text("text", row_of(batch.text.ids, i), row_of(batch.text.mask, i), row_of(batch.mlm_ids, i),
                               row_of(batch.mlm_labels, i), batch.text.ids.dim(-1), vocabulary));
  }
  const auto add_choices = [&](const char* name, const TokenBatch& choices, const std::vector<std::int64_t>& counts,
                               const Tensor& labels) {
    if (!choices.ids.defined()) return;
    const std::int64_t right = labels.defined() ? labels.data<std::int64_t>()[i] : kIgnored;
    for (std::int64_t choice = 0; choice < counts[static_cast<std::size_t>(i)]; ++choice) {
      const std::int64_t row = i * choices.ids.dim(1) + choice;
      texts.push_back(shown_text(message(name, " ", choice), row_of(choices.ids, row), row_of(choices.mask, row),
                                 nullptr, nullptr, choices.ids.dim(-1), vocabulary));
      texts.back().correct = choice == right;
    }
  };
  add_choices("option", batch.options, batch.option_counts, batch.labels);
  add_choices("rationale", batch.rationales, batch.rationale_counts, batch.rationale_labels);
  return texts;
}

std::vector<std::pair<std::string, std::string>> facts_of(const Batch& batch, std::int64_t i, const Sample& sample) {
  std::vector<std::pair<std::string, std::string>> facts{{"media", sample.media}};
  const auto add = [&](const std::string& key, const std::string& value) {
    if (!value.empty()) facts.emplace_back(key, value);
  };
  if (sample.start || sample.end)
    add("seconds", message(sample.start.value_or(0), " to ", sample.end ? message(*sample.end) : "the end"));
  for (const std::string& caption : sample.captions) add("caption", caption);
  add("question", sample.question);
  add("answer", sample.answer.value_or(""));
  add("label", sample.label_name);
  if (batch.labels.defined()) {
    const std::int64_t label = batch.labels.data<std::int64_t>()[i];
    if (label != kIgnored) add("class", message(label));
    if (label == kIgnored && sample.answer) add("class", "none: the answer is not in the list");
  }
  add("group", sample.group);
  return facts;
}

/// Clip `i` of f32 [B, T, 3, H, W] as pictures.
Tensor pictures(const Tensor& frames, std::int64_t i, const Normalization& normalization) {
  const Tensor clip = Tensor::empty({frames.dim(1), 3, frames.dim(3), frames.dim(4)});
  std::memcpy(clip.data<float>(), frames.data<float>() + i * clip.numel(),
              static_cast<std::size_t>(clip.numel()) * sizeof(float));
  return denormalize(clip, normalization);
}

}  // namespace

ShownSample shown_sample(const Batch& batch, std::int64_t i, const Sample& sample, const WordPiece& vocabulary,
                         const Normalization& normalization) {
  ShownSample shown;
  shown.id = batch.ids[static_cast<std::size_t>(i)];
  shown.readable = batch.readable[static_cast<std::size_t>(i)] != 0;
  shown.facts = facts_of(batch, i, sample);
  shown.texts = shown_texts(batch, i, vocabulary);
  shown.frames = pictures(batch.frames, i, normalization);
  return shown;
}

std::string plain_tokens(const ShownText& text) {
  std::string line;
  for (const ShownToken& token : text.tokens) {
    if (!line.empty()) line += ' ';
    switch (token.kind) {
      case Kind::word:
      case Kind::special: line += token.text; break;
      case Kind::masked: line += message("[MASK=", token.hidden, "]"); break;
      case Kind::replaced: line += message("[", token.text, "=", token.hidden, "]"); break;
      case Kind::kept: line += message("[", token.text, "]"); break;
    }
  }
  if (text.padding > 0) line += message(" +", text.padding);
  return line;
}

ContactRow contact_row(const ShownSample& sample) {
  ContactRow row{sample.id + (sample.readable ? "" : " (unreadable)"), sample.frames, {}};
  for (const ShownText& text : sample.texts) row.text += message("\n", text.correct ? "> " : "", plain_tokens(text));
  return row;
}

}  // namespace aio::apps
