// Built instead of data.cpp, decode_memory.cpp and pictures.cpp with AIO_BENCH_VIDEO=OFF: an aio_bench without FFmpeg's
// hundred libraries, to carry to another machine (scripts/gpu_bundle.sh).
#include "bench/bench.h"
#include "tensor/error.h"

namespace aio::bench {

void run_data(const Options&, Report&) { fail(ErrorCode::config, "data: built without videos (AIO_BENCH_VIDEO=OFF)"); }
void run_pictures(const Options&, Report&) {
  fail(ErrorCode::config, "pictures: built without videos (AIO_BENCH_VIDEO=OFF)");
}
void run_decode_memory(const Options&, Report&) {
  fail(ErrorCode::config, "decode-memory: built without videos (AIO_BENCH_VIDEO=OFF)");
}

}  // namespace aio::bench
