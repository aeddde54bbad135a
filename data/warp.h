#pragma once
// Rotation, shear and shift of 8-bit pictures.

#include "data/pixel_ops.h"

namespace aio {

/// Output pixel (x, y) is input pixel (a x + b y + c, d x + e y + f), all places counted in pixels from the top left
/// corner, pixel centres at .5.
struct Affine {
  double a = 1, b = 0, c = 0;
  double d = 0, e = 1, f = 0;
};

Affine rotation(double degrees, int height, int width);  ///< about the middle, counterclockwise
Affine shear(double along_x, double along_y);            ///< about the top left corner: x += along_x * y
Affine shift(double x, double y);                        ///< reads x to the right, y below

/// The same about the middle of the picture.
Affine about_middle(Affine affine, int height, int width);

/// The nearest pixel, black outside; to the last bit PIL's Image.transform.
void warp_nearest(Picture picture, const Affine& affine);
/// Between the four nearest, `fill` outside, rounded.
void warp_bilinear(Picture picture, const Affine& affine, float fill);

}  // namespace aio
