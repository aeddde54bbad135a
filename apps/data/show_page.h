#pragma once
// The page of `aio_data show`: one file of HTML with its pictures inside, no scripts, nothing loaded from elsewhere.

#include <string>
#include <vector>

#include "apps/data/shown_sample.h"

namespace aio::apps {

/// Whatever the samples' texts hold is shown, never interpreted.
std::string show_page(const std::string& title, const std::vector<ShownSample>& samples);

}  // namespace aio::apps
