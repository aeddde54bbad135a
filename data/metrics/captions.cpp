#include "data/metrics/captions.h"

#include "tensor/error.h"

namespace aio {

void check_caption_pairs(const std::vector<CaptionPair>& pairs, const char* metric) {
  check(!pairs.empty(), ErrorCode::value, metric, ": there are no captions to score");
  for (std::size_t i = 0; i < pairs.size(); ++i)
    check(!pairs[i].references.empty(), ErrorCode::value, metric, ": caption ", i, " has no reference");
}

GramCounts count_grams(const Words& sentence) {
  GramCounts counts;
  for (std::size_t begin = 0; begin < sentence.size(); ++begin) {
    std::string gram;
    for (std::size_t n = 0; n < kMaxGram && begin + n < sentence.size(); ++n) {
      if (n > 0) gram += ' ';
      gram += sentence[begin + n];
      ++counts[n][gram];
    }
  }
  return counts;
}

}  // namespace aio
