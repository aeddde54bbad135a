#pragma once
// Encoder: frames to a real video file, MPEG-4 part 2 in an MP4 container.
//
// MPEG-4 part 2 because libavcodec's own encoder for it is in every build of FFmpeg (H.264 needs x264, which some leave
// out), and because it can be told to be exact: one thread, integer transforms, a fixed quantiser, no time stamps and
// no names of versions in the file. Equal frames give equal bytes on every run and any number of threads; another
// version of libavcodec may give others.

#include <string>

#include "tensor/tensor.h"

namespace aio::synthetic {

/// The bytes of an MP4 file of `frames`, u8 [T, H, W, 3] RGB, 1 <= T <= 10000, H and W even and from 16 to 4096. A key
/// frame comes at least every `key_frame_every` frames, and wherever a frame differs from the one before, so that what
/// is decoded for a picture does not depend on what was shown before it: compression adds no arrow of time.
/// Throws Error{shape, dtype} for other frames, Error{config} when libavcodec has no MPEG-4 encoder, Error{io}.
std::string encode_mp4(const Tensor& frames, int frames_per_second, int key_frame_every);

}  // namespace aio::synthetic
