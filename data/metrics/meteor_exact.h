#pragma once
// METEOR (Banerjee and Lavie, ACL 2005 workshop) with its exact matcher only: no stems, no synonyms, no paraphrases.
// Published numbers are those of the Java program, version 1.5, which has all of these and other constants: they are
// higher, and the two must not be compared. Hence the name.
//
//   P = matches / |prediction|,  R = matches / |reference|,  F = 10 P R / (R + 9 P)
//   METEOR = F * (1 - 0.5 * (chunks / matches)^3), the best of the references
//
// A chunk is a run of words that follow each other in both sentences. The matches are laid out in the longest runs
// first, of equals the leftmost in the prediction, then in the reference, so that there are few chunks.

#include "data/metrics/captions.h"

namespace aio {

/// 0 to 1 for each pair. Throws Error{value} without pairs or references.
std::vector<double> meteor_exact(const std::vector<CaptionPair>& pairs);

}  // namespace aio
