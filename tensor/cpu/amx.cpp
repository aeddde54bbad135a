#include "tensor/cpu/amx.h"

#include "tensor/cpu/gemm_amx.h"

#if defined(AIO_HAS_AMX)
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#endif

namespace aio::cpu {

#if defined(AIO_HAS_AMX)

namespace {

/// The memory format of LDTILECFG.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);

bool request_tiles() {
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM of <asm/prctl.h>
  constexpr int kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace

bool amx_available() {
  static const bool available = request_tiles();
  return available;
}

AmxTiles::AmxTiles() {
  static constexpr TileConfig config;
  _tile_loadconfig(&config);
}

AmxTiles::~AmxTiles() { _tile_release(); }

#else

bool amx_available() { return false; }
AmxTiles::AmxTiles() = default;
AmxTiles::~AmxTiles() = default;

#endif

}  // namespace aio::cpu
