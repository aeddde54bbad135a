#pragma once
// The words of the moving-shapes world, as a WordPiece vocabulary in which no word falls to pieces.

#include <string>
#include <vector>

namespace aio::synthetic {

/// Lines of vocab.txt: the special tokens in the order of BERT's file, [PAD] being 0, then, sorted, the words of all
/// captions, questions and answers that there can be.
std::vector<std::string> vocabulary();

}  // namespace aio::synthetic
