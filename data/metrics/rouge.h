#pragma once
// ROUGE-L (Lin, ACL 2004 workshop), as the COCO caption evaluation computes it: an F measure of the longest common
// subsequence, beta = 1.2, the best precision and the best recall over the references, which need not be of the same.
//
//   P = max_ref lcs / |prediction|,  R = max_ref lcs / |reference|,  F = (1 + beta^2) P R / (R + beta^2 P)

#include "data/metrics/captions.h"

namespace aio {

/// 0 to 1 for each pair. Throws Error{value} without pairs or references.
std::vector<double> rouge_l(const std::vector<CaptionPair>& pairs);

}  // namespace aio
