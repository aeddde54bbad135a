#include <tbb/parallel_for.h>  // planted
#include "nn/linear.h"
