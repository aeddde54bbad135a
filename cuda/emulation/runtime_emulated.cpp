// runtime.h on the host: one device, whose memory is memory.h's and whose work is done when a call returns.

#include <cstring>
#include <new>

#include "cuda/emulation/emulator.h"
#include "cuda/emulation/memory.h"
#include "cuda/emulation/shared_memory.h"
#include "cuda/runtime.h"

/// A graph: what was captured.
struct CUgraphExec_st {
  std::vector<aio::emulation::Work> work;
};

namespace aio::cuda {

namespace {
constexpr std::size_t kMemory = std::size_t{4} << 30;
}

int device_count(std::string*) { return 1; }
DeviceInfo device_info(int) { return {"emulated device", 9, 0, 1, kMemory}; }
std::string runtime_name() { return "CUDA emulated on the host"; }
void use_device(int) {}
std::size_t block_memory() { return emulation::SharedMemory::kMost; }

void* allocate(std::size_t bytes) noexcept { return emulation::allocate_closed(bytes); }
void release(void* data) noexcept { emulation::release_closed(data); }
std::size_t available_bytes() { return kMemory; }

void* allocate_pinned(std::size_t bytes) { return ::operator new (bytes, std::align_val_t{64}); }
void release_pinned(void* data) noexcept { ::operator delete (data, std::align_val_t{64}); }

Stream create_stream() { return nullptr; }
void synchronize(Stream) {
  emulation::refuse_in_capture("the host waits");
  emulation::note_work("wait");
}

void copy_to_device(void* device, const void* host, std::size_t bytes, Stream) {
  emulation::ask("copy_from_host", [=] {
    const emulation::DeviceAccess access;
    std::memcpy(device, host, bytes);
  });
}
void copy_to_host(void* host, const void* device, std::size_t bytes, Stream) {
  emulation::ask(nullptr, [=] {
    const emulation::DeviceAccess access;
    std::memcpy(host, device, bytes);
  });
}
void fill_bytes(void* device, int byte, std::size_t bytes, Stream) {
  emulation::ask("fill_bytes", [=] {
    const emulation::DeviceAccess access;
    std::memset(device, byte, bytes);
  });
}

// Events of a stream that is captured order nothing but that capture: here nothing has a use for that.
Event create_event() { return nullptr; }
void destroy(Event) noexcept {}
void record(Event, Stream) { emulation::refuse_in_capture("an event is recorded"); }
void wait(Event) { emulation::refuse_in_capture("the host waits for an event"); }
bool has_passed(Event) {
  emulation::refuse_in_capture("an event is asked for");
  return true;
}
void wait(Event, Stream) { emulation::refuse_in_capture("a stream waits for an event"); }
float elapsed_ms(Event, Event) { return 0; }

void begin_capture(Stream) { emulation::begin_capture(); }
GraphExec end_capture(Stream) { return new CUgraphExec_st{emulation::end_capture()}; }
void drop_capture(Stream) noexcept { emulation::end_capture(); }
void replay(GraphExec graph, Stream) {
  emulation::refuse_in_capture("a replay");
  emulation::note_work("replay");
  for (const emulation::Work& work : graph->work) work();
}
void destroy(GraphExec graph) noexcept { delete graph; }

void check_launch(const char*) {}

}  // namespace aio::cuda
