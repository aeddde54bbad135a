// Built when CUDA is off.
#include "cuda/install.h"

namespace aio::cuda {

bool install() { return false; }
std::string status() { return "this build has no CUDA (configure with -DAIO_CUDA=ON; needs nvcc >= 12)"; }
std::int64_t available_memory(int) { return 0; }

}  // namespace aio::cuda
