// runtime.h on the host: one device, whose memory is memory.h's and whose work is done when a call returns.

#include <cstring>
#include <new>

#include "cuda/emulation/emulator.h"
#include "cuda/emulation/memory.h"
#include "cuda/emulation/shared_memory.h"
#include "cuda/runtime.h"

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
void synchronize(Stream) { emulation::note_work("wait"); }

void copy_to_device(void* device, const void* host, std::size_t bytes, Stream) {
  emulation::note_work("copy_from_host");
  const emulation::DeviceAccess access;
  std::memcpy(device, host, bytes);
}
void copy_to_host(void* host, const void* device, std::size_t bytes, Stream) {
  const emulation::DeviceAccess access;
  std::memcpy(host, device, bytes);
}
void fill_bytes(void* device, int byte, std::size_t bytes, Stream) {
  emulation::note_work("fill_bytes");
  const emulation::DeviceAccess access;
  std::memset(device, byte, bytes);
}

Event create_event() { return nullptr; }
void destroy(Event) noexcept {}
void record(Event, Stream) {}
void wait(Event) {}
bool has_passed(Event) { return true; }
void wait(Event, Stream) {}
float elapsed_ms(Event, Event) { return 0; }
void check_launch(const char*) {}

}  // namespace aio::cuda
