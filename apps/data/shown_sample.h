#pragma once
// What `aio_data show` tells about a sample, apart from how it looks on a page.

#include <string>
#include <utility>
#include <vector>

#include "data/batch.h"
#include "data/contact_sheet.h"
#include "data/sample.h"
#include "data/transforms.h"

namespace aio::apps {

/// A token as the model reads it.
struct ShownToken {
  enum class Kind {
    word,
    special,
    masked,    ///< [MASK] stands in its place; to be predicted
    replaced,  ///< a random token stands in its place; to be predicted
    kept,      ///< to be predicted, though it is there
  };
  std::string text;
  Kind kind = Kind::word;
  std::string hidden;  ///< the token to be predicted
};

struct ShownText {
  std::string name;  ///< "text", "option 2"
  std::vector<ShownToken> tokens;
  int padding = 0;       ///< [PAD] behind them
  bool correct = false;  ///< the option to choose
};

struct ShownSample {
  std::string id;
  bool readable = true;
  std::vector<std::pair<std::string, std::string>> facts;  ///< what the manifest says, by key
  std::vector<ShownText> texts;
  Tensor frames;  ///< u8 [n, H, W, 3], after the transform
};

/// Row `i` of a batch; `sample` is its line of the manifest.
ShownSample shown_sample(const Batch& batch, std::int64_t i, const Sample& sample, const WordPiece& vocabulary,
                         const Normalization& normalization);

/// "[CLS] a red [MASK=circle] grows [SEP] +12": the tokens in one line.
std::string plain_tokens(const ShownText& text);

/// For a contact sheet: id and tokens above the frames.
ContactRow contact_row(const ShownSample& sample);

}  // namespace aio::apps
