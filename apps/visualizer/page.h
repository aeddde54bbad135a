#pragma once
// What both commands write: rows of frames, on a sheet and on a page.

#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace aio::apps {

struct PictureRow {
  std::string title, text;
  Tensor pictures;  ///< u8 [n, H, W, 3]
};

/// All rows below each other, u8 [H, W, 3].
Tensor sheet_of(const std::vector<PictureRow>& rows);

/// An HTML page that stands alone.
class Page {
 public:
  explicit Page(std::string title) : title_(std::move(title)) {}
  void text(const std::string& paragraph);
  /// u8 [H, W, 3].
  void picture(const Tensor& picture, std::int64_t longest_side);
  void rows(const std::vector<PictureRow>& rows);
  /// Whole or not at all. Throws Error{io}.
  void write(const std::string& path) const;

 private:
  std::string title_, body_;
};

}  // namespace aio::apps
