// cuDNN's fused attention by the C interface of its graphs: one SDPA node, its best plan, and a variant pack of
// addresses.
//
// The library is loaded at the first call and not linked. There is no backward pass: the C interface has a node for it,
// but cuDNN 9 takes only the graph of some twenty nodes that its C++ headers build.
//
// Source: NVIDIA cuDNN backend API, CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR.

#include "cuda/cudnn_attention.h"

#include <cudnn.h>
#include <dlfcn.h>

#include <array>
#include <memory>
#include <vector>

#include "cuda/cuda_backend.h"
#include "cuda/scratch.h"
#include "tensor/error.h"

namespace aio::cuda {

namespace {

using Descriptor = cudnnBackendDescriptor_t;

template <class Function>
void find(void* library, Function*& function, const char* name) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  check(function != nullptr, ErrorCode::cuda, "cuDNN has no ", name);
}

/// The functions of the library.
struct Library {
  decltype(::cudnnCreate)* create = nullptr;
  decltype(::cudnnSetStream)* set_stream = nullptr;
  decltype(::cudnnGetLastErrorString)* last_error = nullptr;
  decltype(::cudnnBackendCreateDescriptor)* make = nullptr;
  decltype(::cudnnBackendDestroyDescriptor)* destroy = nullptr;
  decltype(::cudnnBackendSetAttribute)* set = nullptr;
  decltype(::cudnnBackendGetAttribute)* get = nullptr;
  decltype(::cudnnBackendFinalize)* finalize = nullptr;
  decltype(::cudnnBackendExecute)* execute = nullptr;

  Library() {
    const std::string name = "libcudnn.so." + std::to_string(CUDNN_MAJOR);
    void* const library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    check(library != nullptr, ErrorCode::cuda, dlerror());
    find(library, create, "cudnnCreate");
    find(library, set_stream, "cudnnSetStream");
    find(library, last_error, "cudnnGetLastErrorString");
    find(library, make, "cudnnBackendCreateDescriptor");
    find(library, destroy, "cudnnBackendDestroyDescriptor");
    find(library, set, "cudnnBackendSetAttribute");
    find(library, get, "cudnnBackendGetAttribute");
    find(library, finalize, "cudnnBackendFinalize");
    find(library, execute, "cudnnBackendExecute");
  }
  void check_status(cudnnStatus_t status, const char* call) const {
    if (status == CUDNN_STATUS_SUCCESS) return;
    char text[256] = "";
    last_error(text, sizeof text);
    fail(ErrorCode::cuda, "cuDNN: ", call, ": ", text);
  }
};

const Library& library() {
  static const auto* const instance = new Library;
  return *instance;
}

/// A descriptor of the graph's; made, filled by set(), closed by finalize().
class Node {
 public:
  explicit Node(cudnnBackendDescriptorType_t type) {
    library().check_status(library().make(type, &descriptor_), "create a descriptor");
  }
  ~Node() { library().destroy(descriptor_); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  Descriptor get() const { return descriptor_; }
  template <class T>
  Node& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::span<const T> values) {
    library().check_status(
        library().set(descriptor_, name, type, static_cast<std::int64_t>(values.size()), values.data()),
        "set an attribute");
    return *this;
  }
  template <class T>
  Node& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, const T& value) {
    return set(name, type, std::span<const T>(&value, 1));
  }
  Node& set(cudnnBackendAttributeName_t name, const Node& node) {
    return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, node.descriptor_);
  }
  Node& finalize(const char* what) {
    library().check_status(library().finalize(descriptor_), what);
    return *this;
  }
  bool can_finalize() { return library().finalize(descriptor_) == CUDNN_STATUS_SUCCESS; }

 private:
  Descriptor descriptor_ = nullptr;
};

using Four = std::array<std::int64_t, 4>;

/// The graph's tensors by number; in the order of the addresses.
enum Uid : std::int64_t { kQ = 1, kK, kV, kOut, kLse, kScale, kQueryLengths, kKeyLengths };

/// Makes `node` the tensor `uid`; a by-value tensor is a number in host memory.
void describe(Node& node, Uid uid, cudnnDataType_t type, const Four& dims, const Four& strides, bool by_value = false) {
  const std::int64_t number = uid, alignment = by_value ? 4 : 16;
  node.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, number)
      .set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type)
      .set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, std::span<const std::int64_t>(dims))
      .set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, std::span<const std::int64_t>(strides))
      .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, alignment)
      .set(CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, by_value)
      .finalize("a tensor");
}

/// [B, N, H, D] as cuDNN orders it, [B, H, N, D].
void describe_heads(Node& node, Uid uid, const View& x) {
  describe(node, uid, CUDNN_DATA_BFLOAT16, {x.dim[0], x.dim[2], x.dim[1], x.dim[3]},
           {x.stride[0], x.stride[2], x.stride[1], x.stride[3]});
}

/// Plan, addresses and memory of one attention.
class Attention {
 public:
  Attention(CudaBackend& backend, const View& out, const View& lse, const View& q, const View& k, const View& v,
            std::span<const std::int32_t> key_lengths, double scale)
      : backend_(backend),
        scale_(static_cast<float>(scale)),
        lengths_(backend.allocator(), 2 * key_lengths.size_bytes()),
        pack_(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR) {
    library().check_status(library().create(&handle_), "cudnnCreate");
    library().check_status(library().set_stream(handle_, backend.stream()), "cudnnSetStream");
    const std::int64_t B = q.dim[0];
    std::vector<std::int32_t> lengths(key_lengths.size(), static_cast<std::int32_t>(q.dim[1]));
    lengths.insert(lengths.end(), key_lengths.begin(), key_lengths.end());
    backend.copy_from_host(lengths_.as<void>(), lengths.data(), lengths.size() * sizeof lengths[0]);

    std::vector<std::unique_ptr<Node>> nodes;
    const auto tensor = [&]() -> Node& {
      return *nodes.emplace_back(std::make_unique<Node>(CUDNN_BACKEND_TENSOR_DESCRIPTOR));
    };
    Node operation(CUDNN_BACKEND_OPERATION_SDPA_FWD_DESCRIPTOR);
    const auto heads = [&](cudnnBackendAttributeName_t name, Uid uid, const View& x) {
      Node& node = tensor();
      describe_heads(node, uid, x);
      operation.set(name, node);
    };
    heads(CUDNN_ATTR_OPERATION_SDPA_FWD_QDESC, kQ, q);
    heads(CUDNN_ATTR_OPERATION_SDPA_FWD_KDESC, kK, k);
    heads(CUDNN_ATTR_OPERATION_SDPA_FWD_VDESC, kV, v);
    heads(CUDNN_ATTR_OPERATION_SDPA_FWD_ODESC, kOut, out);
    const auto other = [&](cudnnBackendAttributeName_t name, Uid uid, cudnnDataType_t type, const Four& dims,
                           const Four& strides, bool by_value = false) {
      Node& node = tensor();
      describe(node, uid, type, dims, strides, by_value);
      operation.set(name, node);
    };
    const std::int64_t H = q.dim[2], N = q.dim[1];
    other(CUDNN_ATTR_OPERATION_SDPA_FWD_STATSDESC, kLse, CUDNN_DATA_FLOAT, {B, H, N, 1}, {H * N, N, 1, 1});
    other(CUDNN_ATTR_OPERATION_SDPA_FWD_SCALEDESC, kScale, CUDNN_DATA_FLOAT, {1, 1, 1, 1}, {1, 1, 1, 1}, true);
    other(CUDNN_ATTR_OPERATION_SDPA_FWD_SEQ_LEN_QDESC, kQueryLengths, CUDNN_DATA_INT32, {B, 1, 1, 1}, {1, 1, 1, 1});
    other(CUDNN_ATTR_OPERATION_SDPA_FWD_SEQ_LEN_KVDESC, kKeyLengths, CUDNN_DATA_INT32, {B, 1, 1, 1}, {1, 1, 1, 1});
    operation.finalize("attention");

    Node graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, handle_)
        .set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation)
        .finalize("the graph");
    choose_plan(graph);

    const auto* const at = lengths_.as<const std::int32_t>();
    const std::array<std::int64_t, 8> numbers{kQ, kK, kV, kOut, kLse, kScale, kQueryLengths, kKeyLengths};
    const std::array<const void*, 8> addresses{q.data, k.data, v.data, out.data, lse.data, &scale_, at, at + B};
    void* const workspace = workspace_ ? workspace_->as<void>() : nullptr;
    pack_.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, std::span<const std::int64_t>(numbers))
        .set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, std::span<const void* const>(addresses))
        .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, workspace)
        .finalize("the addresses");
  }

  void run() const {
    library().check_status(library().execute(handle_, plan_->get(), pack_.get()), "cudnnBackendExecute");
  }

 private:
  /// The first of the heuristic's suggestions that can be built.
  void choose_plan(const Node& graph) {
    constexpr int kSuggestions = 8;
    Node heuristic(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    heuristic.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
        .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, CUDNN_HEUR_MODE_A)
        .finalize("heuristics");
    std::vector<std::unique_ptr<Node>> engines;
    std::array<Descriptor, kSuggestions> found;
    for (Descriptor& descriptor : found)
      descriptor = engines.emplace_back(std::make_unique<Node>(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR))->get();
    std::int64_t count = 0;
    library().check_status(library().get(heuristic.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                         kSuggestions, &count, found.data()),
                           "the heuristic's results");
    for (std::int64_t i = 0; i < count; ++i) {
      plan_ = std::make_unique<Node>(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
      plan_->set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, handle_)
          .set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, *engines[static_cast<std::size_t>(i)]);
      if (!plan_->can_finalize()) continue;
      std::int64_t bytes = 0, numbers = 0;
      library().get(plan_->get(), CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &numbers, &bytes);
      if (bytes > 0) workspace_ = std::make_unique<Scratch>(backend_.allocator(), static_cast<std::size_t>(bytes));
      return;
    }
    fail(ErrorCode::cuda, "cuDNN: no plan for this shape");
  }

  CudaBackend& backend_;
  cudnnHandle_t handle_ = nullptr;  // kept to the end: a benchmark makes few
  float scale_;
  Scratch lengths_;  ///< i32 [2, B]: of queries, of keys
  std::unique_ptr<Scratch> workspace_;
  std::unique_ptr<Node> plan_;
  Node pack_;
};

}  // namespace

std::function<void()> cudnn_attention(Backend& backend, const View& out, const View& lse, const View& q, const View& k,
                                      const View& v, std::span<const std::int32_t> key_lengths, double scale) {
  auto* const cuda = dynamic_cast<CudaBackend*>(&backend);
  check(cuda != nullptr, ErrorCode::cuda, "cuDNN is for CUDA devices");
  const auto attention = std::make_shared<Attention>(*cuda, out, lse, q, k, v, key_lengths, scale);
  return [attention] { attention->run(); };
}

}  // namespace aio::cuda
