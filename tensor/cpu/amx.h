#pragma once
// AMX: eight tile registers of 16 rows x 64 bytes, and one instruction that multiplies two of them.
//
//   tdpbf16ps C, A, B:   C[i][j] += sum_p A[i][2p] B[p][2j] + A[i][2p+1] B[p][2j+1],   i, j, p = 0..15
//
// A: 16 x 32 bf16; B: 16 pairs of rows x 16 columns, pairs side by side; C: 16 x 16 f32. 16384 operations in 16 cycles:
// sixteen times what the vector units do in f32. (Intel 64 and IA-32 Architectures Software Developer's Manual, vol. 2,
// TDPBF16PS: sums in f32, round to nearest even, subnormal numbers count as zero.)

namespace aio::cpu {

/// Whether this build has code for AMX, the CPU has it and the kernel lets this process use it (asked for once: the
/// tiles' 8 KiB make every thread's saved state larger, so Linux hands them out on demand).
bool amx_available();

/// The tile registers of this thread, all of full size, for the length of a scope; only where amx_available().
class AmxTiles {
 public:
  AmxTiles();
  ~AmxTiles();  ///< an empty tile state costs nothing at a thread switch
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;
};

}  // namespace aio::cpu
