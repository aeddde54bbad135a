#pragma once
// The little of the CUDA runtime that the backend uses. runtime_cuda.cpp calls the toolkit's library,
// emulation/runtime_emulated.cpp does it on the host: everything above is the same in both.
//
// All functions but device_count() throw Error{cuda} with CUDA's text, unless they say otherwise.

#include <cstddef>
#include <string>

struct CUstream_st;  // what cudaStream_t, cudaEvent_t and cudaGraphExec_t point at
struct CUevent_st;
struct CUgraphExec_st;

namespace aio::cuda {

using Stream = CUstream_st*;
using Event = CUevent_st*;
using GraphExec = CUgraphExec_st*;

struct DeviceInfo {
  std::string name;
  int major = 0, minor = 0;  ///< compute capability
  int multiprocessors = 0;
  std::size_t memory_bytes = 0;
};

/// 0 where there is no device or no driver; *reason then says which.
int device_count(std::string* reason = nullptr);
DeviceInfo device_info(int index);
/// "CUDA 13.0" or "CUDA emulated on the host".
std::string runtime_name();

/// Makes device `index` the calling thread's. A call that changes nothing costs nanoseconds.
void use_device(int index);
/// Bytes of shared memory that a block may have on the calling thread's device.
std::size_t block_memory();
/// nullptr when there is no more.
void* allocate(std::size_t bytes) noexcept;
void release(void* data) noexcept;
/// Of the device's memory, what nobody has taken.
std::size_t available_bytes();
/// Host memory that copies can read and write while the host goes on.
void* allocate_pinned(std::size_t bytes);
void release_pinned(void* data) noexcept;

Stream create_stream();
void synchronize(Stream stream);
// In the order of the stream; the host's memory must stay until the copy has run.
void copy_to_device(void* device, const void* host, std::size_t bytes, Stream stream);
void copy_to_host(void* host, const void* device, std::size_t bytes, Stream stream);
void fill_bytes(void* device, int byte, std::size_t bytes, Stream stream);

Event create_event();
void destroy(Event event) noexcept;
void record(Event event, Stream stream);
void wait(Event event);  ///< the host waits; at once for an event that was never recorded
/// What came before it has run; true for an event that was never recorded.
bool has_passed(Event event);
/// What `stream` is given from now on waits; the host does not.
void wait(Event event, Stream stream);
/// Milliseconds between two events that have come to pass.
float elapsed_ms(Event begin, Event end);

/// From here on what the calling thread gives `stream` (kernels, copies, fills) is kept and not done. Until the end it
/// must neither wait for the device nor use events; allocating is allowed.
void begin_capture(Stream stream);
/// All that was kept, ready to be done.
GraphExec end_capture(Stream stream);
/// Ends a capture that came to nothing.
void drop_capture(Stream stream) noexcept;
/// Once more, in the order of the stream. Copies read and write the host's memory of the capture.
void replay(GraphExec graph, Stream stream);
/// At once, whether its last replay has run or not.
void destroy(GraphExec graph) noexcept;

/// Throws if the last kernel launch failed; `name` goes into the message.
void check_launch(const char* name);

}  // namespace aio::cuda
