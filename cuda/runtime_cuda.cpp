// runtime.h on the CUDA runtime library.

#include <cuda_runtime.h>

#include "cuda/cuda_check.h"
#include "cuda/runtime.h"

namespace aio::cuda {

int device_count(std::string* reason) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess) return count;
  cudaGetLastError();
  if (reason != nullptr) *reason = cudaGetErrorString(error);
  return 0;
}

DeviceInfo device_info(int index) {
  cudaDeviceProp properties;
  check_cuda(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  return {properties.name, properties.major, properties.minor, properties.multiProcessorCount,
          properties.totalGlobalMem};
}

std::string runtime_name() { return message("CUDA ", CUDART_VERSION / 1000, ".", CUDART_VERSION % 1000 / 10); }

void use_device(int index) { check_cuda(cudaSetDevice(index), "cudaSetDevice"); }

std::size_t block_memory() {
  int device = 0, bytes = 0;
  check_cuda(cudaGetDevice(&device), "cudaGetDevice");
  check_cuda(cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device),
             "cudaDeviceGetAttribute of shared memory");
  return static_cast<std::size_t>(bytes);
}

namespace {

/// Calls that make or free memory are none of a stream's and would end a capture of the calling thread, unless it says
/// that it knows.
class AllowedInCapture {
 public:
  AllowedInCapture() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  ~AllowedInCapture() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  AllowedInCapture(const AllowedInCapture&) = delete;
  AllowedInCapture& operator=(const AllowedInCapture&) = delete;

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

}  // namespace

void* allocate(std::size_t bytes) noexcept {
  const AllowedInCapture allowed;
  void* data = nullptr;
  if (cudaMalloc(&data, bytes) == cudaSuccess) return data;
  cudaGetLastError();
  return nullptr;
}
void release(void* data) noexcept {
  const AllowedInCapture allowed;
  cudaFree(data);
}
std::size_t available_bytes() {
  std::size_t available = 0, all = 0;
  check_cuda(cudaMemGetInfo(&available, &all), "cudaMemGetInfo");
  return available;
}

void* allocate_pinned(std::size_t bytes) {
  const AllowedInCapture allowed;
  void* data = nullptr;
  check_cuda(cudaMallocHost(&data, bytes), "cudaMallocHost");
  return data;
}
void release_pinned(void* data) noexcept {
  const AllowedInCapture allowed;
  cudaFreeHost(data);
}

Stream create_stream() {
  Stream stream = nullptr;
  check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreate");
  return stream;
}
void synchronize(Stream stream) { check_cuda(cudaStreamSynchronize(stream), "cudaStreamSynchronize"); }

void copy_to_device(void* device, const void* host, std::size_t bytes, Stream stream) {
  check_cuda(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, stream), "cudaMemcpy to the device");
}
void copy_to_host(void* host, const void* device, std::size_t bytes, Stream stream) {
  check_cuda(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream), "cudaMemcpy to the host");
}
void fill_bytes(void* device, int byte, std::size_t bytes, Stream stream) {
  check_cuda(cudaMemsetAsync(device, byte, bytes, stream), "cudaMemset");
}

Event create_event() {
  Event event = nullptr;
  check_cuda(cudaEventCreate(&event), "cudaEventCreate");
  return event;
}
void destroy(Event event) noexcept { cudaEventDestroy(event); }
void record(Event event, Stream stream) { check_cuda(cudaEventRecord(event, stream), "cudaEventRecord"); }
void wait(Event event) { check_cuda(cudaEventSynchronize(event), "cudaEventSynchronize"); }
bool has_passed(Event event) {
  const cudaError_t status = cudaEventQuery(event);
  if (status == cudaErrorNotReady) {
    cudaGetLastError();  // it is kept like an error
    return false;
  }
  check_cuda(status, "cudaEventQuery");
  return true;
}
void wait(Event event, Stream stream) { check_cuda(cudaStreamWaitEvent(stream, event), "cudaStreamWaitEvent"); }
float elapsed_ms(Event begin, Event end) {
  float ms = 0;
  check_cuda(cudaEventElapsedTime(&ms, begin, end), "cudaEventElapsedTime");
  return ms;
}

void begin_capture(Stream stream) {
  check_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
}
GraphExec end_capture(Stream stream) {
  cudaGraph_t graph = nullptr;
  check_cuda(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
  GraphExec exec = nullptr;
  const cudaError_t error = cudaGraphInstantiate(&exec, graph, 0);
  cudaGraphDestroy(graph);
  check_cuda(error, "cudaGraphInstantiate");
  return exec;
}
void drop_capture(Stream stream) noexcept {
  cudaGraph_t graph = nullptr;
  cudaStreamEndCapture(stream, &graph);
  if (graph != nullptr) cudaGraphDestroy(graph);
  cudaGetLastError();
}
void replay(GraphExec graph, Stream stream) { check_cuda(cudaGraphLaunch(graph, stream), "cudaGraphLaunch"); }
void destroy(GraphExec graph) noexcept { cudaGraphExecDestroy(graph); }

void check_launch(const char* name) {
  const cudaError_t error = cudaGetLastError();
  if (error != cudaSuccess) [[unlikely]]
    check_cuda(error, message("kernel ", name).c_str());
}

}  // namespace aio::cuda
