#include "nn/linear.h"

#include <some/library.h>     // planted
#include <nlohmann/json.hpp>  // planted
#include "cuda/install.h"     // planted
#include "data/manifest.h"    // planted
#include "linear.h"           // planted

// Comments may speak of raw::reshape and backend_for(device).
void forward(const Tensor& x) {
  raw::reshape(x, {1});       // planted
  backend_for(x).fill(x, 0);  // planted
}
