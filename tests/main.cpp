// The only file that compiles doctest's implementation (4.6 CPU seconds).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
