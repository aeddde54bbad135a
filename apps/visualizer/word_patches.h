#pragma once
// Which patches of which frames belong to a word: the plan of optimal transport between words and patches, as in the
// loss of word-patch alignment (models/objectives/wpa.h), for each frame.

#include <vector>

#include "apps/visualizer/subject.h"

namespace aio::apps {

/// plans[word][T * patches]: how much of the word each patch of each frame takes; the patches where they are in the
/// picture, wherever rolling left their tokens. A word of several pieces is the sum of them.
std::vector<std::vector<double>> word_patches(const Subject& subject, const std::vector<Word>& words);

}  // namespace aio::apps
