#pragma once
// BLEU (Papineni et al., ACL 2002) of a corpus, as the COCO caption evaluation computes it.
//
//   BLEU_n = exp(min(0, 1 - r / c)) * (p_1 * ... * p_n)^(1/n)
//
// p_k: of the predictions' k-grams the share that a reference of the same item has, each counted at most as often as in
// the reference that has it most. c: the predictions' words. r: the sum over items of the reference length closest to
// the prediction's, the shorter of two equally close. All sums run over the corpus before they are divided.

#include "data/metrics/captions.h"

namespace aio {

/// BLEU-1 to BLEU-4, 0 to 1. Throws Error{value} without pairs or references.
std::array<double, kMaxGram> bleu(const std::vector<CaptionPair>& pairs);

}  // namespace aio
