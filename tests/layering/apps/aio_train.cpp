#include <CLI/CLI.hpp>

#include "cuda/device_info.h"  // planted
#include "cuda/install.h"
#include "models/all_in_one.h"
