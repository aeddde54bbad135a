#include "data/piece_trie.h"

#include <algorithm>
#include <string>

namespace aio {

PieceTrie::PieceTrie(Keys initial, Keys continuing) {
  nodes_.resize(2 + 256);
  nodes_[kInitialRoot].parent = kNone;
  nodes_[kContinuingRoot].parent = kNone;
  std::sort(initial.begin(), initial.end());
  std::sort(continuing.begin(), continuing.end());
  insert(kInitialRoot, initial, 0, initial.size(), 0);
  insert(kContinuingRoot, continuing, 0, continuing.size(), 0);
}

/// Hangs below `node` the keys [begin, end), which are sorted and share their first `depth` bytes.
void PieceTrie::insert(Index node, const Keys& keys, std::size_t begin, std::size_t end, std::size_t depth) {
  for (; begin < end && keys[begin].first.size() == depth; ++begin) {
    if (depth > 0) nodes_[node].id = keys[begin].second;
  }
  if (begin == end) return;
  std::string bytes;
  for (std::size_t i = begin; i < end; ++i) {
    const char byte = keys[i].first[depth];
    if (bytes.empty() || bytes.back() != byte) bytes += byte;
  }
  const Index base = find_base(bytes);
  nodes_[node].base = base;
  for (const char byte : bytes) nodes_[base + static_cast<unsigned char>(byte)].parent = node;
  for (const char byte : bytes) {
    const std::size_t first = begin;
    while (begin < end && keys[begin].first[depth] == byte) ++begin;
    insert(base + static_cast<unsigned char>(byte), keys, first, begin, depth + 1);
  }
}

/// A base from which the slots of all `bytes` are free.
PieceTrie::Index PieceTrie::find_base(std::string_view bytes) {
  for (Index base = search_from_;; ++base) {
    if (nodes_.size() < base + 256) nodes_.resize(nodes_.size() * 2);
    const bool fits = std::all_of(bytes.begin(), bytes.end(), [&](char byte) {
      return nodes_[base + static_cast<unsigned char>(byte)].parent == kFree;
    });
    if (!fits) continue;
    if (base - search_from_ > 1000) search_from_ = base;  // that part is nearly full: memory for time
    return base;
  }
}

PieceTrie::Match PieceTrie::longest(Index root, std::string_view text) const {
  Match match;
  Index node = root;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Index child = nodes_[node].base + static_cast<unsigned char>(text[i]);
    if (nodes_[child].parent != node) break;
    node = child;
    if (nodes_[node].id >= 0) match = {i + 1, nodes_[node].id};
  }
  return match;
}

}  // namespace aio
