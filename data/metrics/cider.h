#pragma once
// CIDEr-D (Vedantam et al., CVPR 2015) as the COCO caption evaluation computes it and calls it CIDEr: the mean over
// n = 1..4 of the cosine of tf-idf weighted n-grams, clipped, with a penalty for another length, times 10.
//
//   g_n(s)      = tf(gram in s) * (log items - log max(1, items whose references have the gram))
//   sim_n(c, r) = exp(-(l_c - l_r)^2 / (2 * 6^2)) * sum min(g_n(c), g_n(r)) g_n(r) / (|g_n(c)| |g_n(r)|)
//   CIDEr       = 10 * mean over n and over the item's references of sim_n
//
// A score depends on the other items, through the idf; with one item all weights are 0 and so is the score. The length
// l is the number of bigrams, as in the evaluation's code, which differs from the number of words for the empty
// sentence only.

#include "data/metrics/captions.h"

namespace aio {

/// 0 to 10 for each pair. Throws Error{value} without pairs or references.
std::vector<double> cider(const std::vector<CaptionPair>& pairs);

}  // namespace aio
