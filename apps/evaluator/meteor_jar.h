#pragma once
// METEOR by its authors' Java program (meteor-1.5.jar with its data folder beside it), for those who have it.

#include <string>
#include <utility>
#include <vector>

#include "data/metrics/captions.h"

namespace aio::apps {

/// The program's final score for English, its text normalisation on, as pycocoevalcap calls it. Throws Error{io} if
/// java or the program does not run, or prints no score.
double meteor_by_jar(const std::string& jar, const std::vector<CaptionPair>& pairs);

/// score_captions(), with METEOR in the place of METEOR_exact unless `jar` is empty.
std::vector<std::pair<std::string, double>> caption_metrics(const std::vector<CaptionPair>& pairs,
                                                            const std::string& jar);

}  // namespace aio::apps
