#include "tensor/version.h"

#include "aio_revision.h"  // written by cmake/revision.cmake

#if defined(__clang__)
#define AIO_COMPILER "clang " __clang_version__
#else
#define AIO_COMPILER "g++ " __VERSION__
#endif
#if defined(__AVX512F__)
#define AIO_VECTORS "AVX-512"
#elif defined(__AVX2__)
#define AIO_VECTORS "AVX2"
#else
#define AIO_VECTORS "no AVX2"
#endif

namespace aio {

std::string_view version() { return AIO_VERSION; }
std::string_view revision() { return AIO_REVISION; }
std::string_view build_description() { return AIO_COMPILER ", " AIO_VECTORS; }

}  // namespace aio
