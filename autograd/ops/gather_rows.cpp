// Looking rows up: of a table, of any dimension, and each batch element its own.
//
//   embedding     y[...] = table[ids[...]]                      dtable[v] = sum of dy where ids = v, 0 at padding_idx
//   index_select  y = x at index, along dim                     dx at index += dy
//   select_rows   y[b, n] = x[b, index[b, n]]                   dx[b, index[b, n]] += dy[b, n]
//
// Shapes: table [V, C], ids [...] -> [..., C]; x [.., V, ..], index [N] -> [.., N, ..]; x [B, V, C], index [B, N] ->
// [B, N, C]. Dtypes: index i64; rows f32, f64, bf16. Saved: the index. All three are one kernel on x [B, V, C]. The
// table's gradient is added straight into the leaf's buffer where there is one: a vocabulary-sized temporary would be
// 94 MB for BERT's. Deterministic: rows that share an index add in the order of the index, no atomics. An index may lie
// on the host while x is on a device: it is checked there and sent after, and nothing waits for the device.
// Kernel: tensor/cpu/gather_rows.cpp.

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/ops/op_utils.h"

namespace aio {

namespace {

/// y [B, N, C] = x [B, V, C] at index [N] or [B, N].
void gather(const Tensor& y, const Tensor& x, const Tensor& index) {
  if (y.numel() > 0) backend_for(y).gather_rows(y.view(), x.view(), raw::contiguous(index).view());
}

/// dx [B, V, C] += dy [B, N, C] at index.
void scatter_add(const Tensor& dx, const Tensor& dy, const Tensor& index) {
  if (dy.numel() > 0) backend_for(dx).scatter_add_rows(dx.view(), dy.view(), raw::contiguous(index).view());
}

struct EmbeddingNode : Node {
  EmbeddingNode(const Tensor& table, const Tensor& ids, std::int64_t padding_idx)
      : Node("embedding"), table_shape_(table.shape()), ids_(*this, ids), padding_idx_(padding_idx) {}

  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor ids = ids_.get();
    const std::int64_t vocabulary = table_shape_[0], channels = table_shape_[1];
    const Tensor flat_ids = raw::reshape(ids, {ids.numel()});
    const Tensor dy = without_padding(raw::reshape(raw::contiguous(grads[0]), {ids.numel(), channels}), flat_ids);
    const Tensor sink = gradient_sink(0, dy.dtype()).buffer;
    const Tensor dtable = sink.defined() ? sink : Tensor::zeros(table_shape_, dy.options());
    scatter_add(raw::reshape(dtable, {1, vocabulary, channels}), raw::reshape(dy, {1, ids.numel(), channels}),
                flat_ids);
    if (!sink.defined()) return {dtable};
    return {Tensor{}};
  }

 private:
  /// dy with zero rows where the id is padding_idx.
  Tensor without_padding(const Tensor& dy, const Tensor& ids) const {
    if (padding_idx_ < 0 || dy.numel() == 0) return dy;
    // 1 - relu(1 - d^2) of the distance d from padding_idx, a whole number: 0 at 0, else 1. The host reads no id.
    const Tensor distance = add_scalar(cast(ids, accumulator_of(dy.dtype())), -static_cast<double>(padding_idx_));
    const Tensor padding = relu(add_scalar(scale(distance * distance, -1), 1));
    const Tensor keep = add_scalar(scale(padding, -1), 1);
    Tensor kept = Tensor::empty(dy.shape(), dy.options());
    backend_for(kept).scale_rows(kept.view(), dy.view(), keep.view());
    return kept;
  }

  Shape table_shape_;
  SavedTensor ids_;
  std::int64_t padding_idx_;
};

/// index_select and select_rows: `rows` is x as [B, V, C].
struct GatherNode : Node {
  GatherNode(const char* op, const Tensor& x, const Shape& rows, const Tensor& index)
      : Node(op), shape_(x.shape()), rows_(rows), index_(*this, index) {}
  std::vector<Tensor> backward(const std::vector<Tensor>& grads) override {
    const Tensor index = index_.get();
    const Tensor dx = Tensor::zeros(shape_, grads[0].options());
    const Tensor dy = raw::reshape(raw::contiguous(grads[0]), {rows_[0], index.dim(-1), rows_[2]});
    scatter_add(raw::reshape(dx, rows_), dy, index);
    return {dx};
  }
  Shape shape_, rows_;
  SavedTensor index_;
};

}  // namespace

Tensor embedding(const Tensor& table, const Tensor& ids, std::int64_t padding_idx) {
  ops::check_floating("embedding", {{"table", table}});
  ops::check_index("embedding", {"ids", ids}, {"table", table});
  ops::check_rank("embedding", {"table", table}, 2, "[V, C]");
  const std::int64_t vocabulary = table.shape()[0], channels = table.shape()[1];
  check(padding_idx < vocabulary, ErrorCode::index, "embedding: padding_idx ", padding_idx, " is outside table ",
        table.shape(), " (negative: none)");
  const Tensor placed = ops::placed_indices("embedding", "id", ids, vocabulary, table.device());
  Shape shape = ids.shape();
  shape.push_back(channels);

  const Tensor y = Tensor::empty(shape, table.options());
  gather(raw::reshape(y, {1, ids.numel(), channels}), raw::reshape(raw::contiguous(table), {1, vocabulary, channels}),
         raw::reshape(placed, {ids.numel()}));
  return record<EmbeddingNode>(y, {table}, table, placed, padding_idx);
}

Tensor index_select(const Tensor& x, int dim, const Tensor& index) {
  ops::check_floating("index_select", {{"x", x}});
  ops::check_index("index_select", {"index", index}, {"x", x});
  const int d = normalize_dim("index_select", dim, x.shape());
  ops::check_rank("index_select", {"index", index}, 1, "[N]");
  const Tensor placed = ops::placed_indices("index_select", "index", index, x.shape()[d], x.device());
  Shape shape = x.shape();
  shape[d] = index.numel();

  const Tensor rows = ops::as_outer_dim_inner(x, d);
  const Tensor y = Tensor::empty(shape, x.options());
  gather(ops::as_outer_dim_inner(y, d), rows, placed);
  return record<GatherNode>(y, {x}, "index_select", x, rows.shape(), placed);
}

Tensor select_rows(const Tensor& x, const Tensor& index) {
  ops::check_floating("select_rows", {{"x", x}});
  ops::check_index("select_rows", {"index", index}, {"x", x});
  ops::check_rank("select_rows", {"x", x}, 3, "[B, V, C]");
  const Shape& s = x.shape();
  check(index.rank() == 2 && index.shape()[0] == s[0], ErrorCode::shape, "select_rows: index has shape ", index.shape(),
        ", expected [", s[0], ", *] to match x ", s);
  const Tensor placed = ops::placed_indices("select_rows", "index", index, s[1], x.device());
  const Tensor y = Tensor::empty({s[0], index.shape()[1], s[2]}, x.options());
  gather(y, raw::contiguous(x), placed);
  return record<GatherNode>(y, {x}, "select_rows", x, s, placed);
}

}  // namespace aio
