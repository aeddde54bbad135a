#include "apps/visualizer/page.h"

#include "apps/common/html.h"
#include "autograd/ops.h"
#include "data/contact_sheet.h"
#include "tensor/atomic_file.h"

namespace aio::apps {
namespace {

constexpr char kStyle[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "h1{font-size:1.4em}h2{font-size:1.1em;margin:1.6em 0 .2em}p{margin:.3em 0}img{margin:.3em .3em .3em 0}";

}  // namespace

Tensor sheet_of(const std::vector<PictureRow>& rows) {
  std::vector<ContactRow> sheet;
  for (const PictureRow& row : rows) sheet.push_back({row.title + "\n" + row.text, row.pictures, {}});
  return contact_sheet(sheet);
}

void Page::text(const std::string& paragraph) { body_ += "<p>" + html_escaped(paragraph) + "</p>\n"; }

void Page::picture(const Tensor& picture, std::int64_t longest_side) {
  body_ += picture_element(unsqueeze(picture, 0), 0, longest_side) + "\n";
}

void Page::rows(const std::vector<PictureRow>& rows) {
  for (const PictureRow& row : rows) {
    body_ += "<h2>" + html_escaped(row.title) + "</h2>\n";
    text(row.text);
    for (std::int64_t i = 0; i < row.pictures.dim(0); ++i) {
      body_ += picture_element(row.pictures, i, row.pictures.dim(2)) + "\n";
    }
  }
}

void Page::write(const std::string& path) const {
  write_atomically(path, html_page(title_, kStyle, "<h1>" + html_escaped(title_) + "</h1>\n" + body_));
}

}  // namespace aio::apps
