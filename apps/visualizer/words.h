#pragma once
// The words of a tokenized sentence, and which of them say something about a picture.

#include <cstdint>
#include <string>
#include <vector>

#include "data/wordpiece.h"

namespace aio::apps {

/// A word and its pieces' places in the sequence that begins with [CLS].
struct Word {
  std::string text;
  std::int64_t first = 0;
  std::int64_t pieces = 1;
};

/// Of [CLS] pieces [SEP], in order; [UNK] and [MASK] are words, the other special tokens are not.
std::vector<Word> words_of(const std::vector<std::int64_t>& ids, const WordPiece& tokenizer);

/// False for punctuation and for English function words (articles, pronouns, prepositions, conjunctions, auxiliaries):
/// what is left of a caption is mostly its nouns, verbs and adjectives.
bool is_content_word(const std::string& word);

/// Those of `words` that `wanted` names; if it names none, the holes [MASK] that the sentence came with, or else all
/// content words. Throws Error{value} for a name that is
/// not among them, and if there is none to choose.
std::vector<Word> choose_words(const std::vector<Word>& words, const std::vector<std::string>& wanted);

}  // namespace aio::apps
