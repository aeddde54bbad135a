#pragma once
// How a conversion went, on standard output; what was skipped, on standard error.

#include <string>

#include "data/datasets/conversion.h"

namespace aio::apps {

void print_report(const ConvertReport& report, const std::string& out, bool json);

}  // namespace aio::apps
