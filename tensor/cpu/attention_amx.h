#pragma once
// One head of attention in bf16 with its products on AMX tiles.

#include "tensor/cpu/attention_head.h"

namespace aio::cpu {

/// By what a query can see, not by the number of queries: a row's result does not depend on it.
bool amx_takes_head(std::int64_t keys, std::int64_t D);

/// As run_head() of attention.cpp; only where amx_takes_head().
void run_head_amx(const ForwardHead<bf16>& head, const AttentionSizes& n, double scale, RowPrefetch& ahead);
void run_head_amx(const BackwardHead<bf16>& head, const AttentionSizes& n, double scale, RowPrefetch& ahead);

}  // namespace aio::cpu
