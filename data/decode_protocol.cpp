#include "data/decode_protocol.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace aio::decode_protocol {
namespace {

constexpr std::size_t kMaxMessage =
    std::max(sizeof(Request), sizeof(Reply)) + kMaxIndices * sizeof(std::int64_t) + kMaxText;

union DescriptorMessage {
  cmsghdr header;
  char space[CMSG_SPACE(sizeof(int))];
};

msghdr message_of(iovec& data, DescriptorMessage& control) {
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = &control;
  message.msg_controllen = sizeof(control);
  return message;
}

}  // namespace

template <class Head>
bool send(int socket, Head head, const std::vector<std::int64_t>& indices, const std::string& text, int descriptor) {
  const std::size_t text_bytes = std::min(text.size(), kMaxText);
  const std::size_t index_bytes = indices.size() * sizeof(std::int64_t);
  head.indices = static_cast<std::uint32_t>(indices.size());
  head.text = static_cast<std::uint32_t>(text_bytes);
  std::vector<char> buffer(sizeof(head) + index_bytes + text_bytes);
  std::memcpy(buffer.data(), &head, sizeof(head));
  std::copy_n(reinterpret_cast<const char*>(indices.data()), index_bytes, buffer.data() + sizeof(head));
  std::copy_n(text.data(), text_bytes, buffer.data() + sizeof(head) + index_bytes);

  iovec data{buffer.data(), buffer.size()};
  DescriptorMessage control{};
  msghdr message = message_of(data, control);
  if (descriptor >= 0) {
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(int));
  } else {
    message.msg_control = nullptr;
    message.msg_controllen = 0;
  }
  ssize_t sent = -1;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(buffer.size());
}

template <class Head>
bool receive(int socket, Head& head, std::vector<std::int64_t>& indices, std::string& text, int& descriptor) {
  std::vector<char> buffer(kMaxMessage);
  iovec data{buffer.data(), buffer.size()};
  DescriptorMessage control{};
  msghdr message = message_of(data, control);
  ssize_t got = -1;
  do got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  descriptor = -1;
  if (got > 0 && message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS) {
    std::memcpy(&descriptor, CMSG_DATA(&control.header), sizeof(int));
  }
  if (got < static_cast<ssize_t>(sizeof(head))) return false;
  std::memcpy(&head, buffer.data(), sizeof(head));
  if (head.indices > kMaxIndices || head.text > kMaxText) return false;
  const std::size_t index_bytes = head.indices * sizeof(std::int64_t);
  if (static_cast<std::size_t>(got) != sizeof(head) + index_bytes + head.text) return false;
  indices.resize(head.indices);
  std::copy_n(buffer.data() + sizeof(head), index_bytes, reinterpret_cast<char*>(indices.data()));
  text.assign(buffer.data() + sizeof(head) + index_bytes, head.text);
  return true;
}

template bool send(int, Request, const std::vector<std::int64_t>&, const std::string&, int);
template bool send(int, Reply, const std::vector<std::int64_t>&, const std::string&, int);
template bool receive(int, Request&, std::vector<std::int64_t>&, std::string&, int&);
template bool receive(int, Reply&, std::vector<std::int64_t>&, std::string&, int&);

}  // namespace aio::decode_protocol
