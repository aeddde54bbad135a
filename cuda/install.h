#pragma once
// The only header of cuda/ that others include, and only mains do: it registers the CUDA backend.

#include <string>

namespace aio::cuda {

/// Makes Device{cuda, i} usable. False where that cannot be; status() says why.
bool install();

/// One sentence: what this build and this machine have of CUDA.
std::string status();

}  // namespace aio::cuda
