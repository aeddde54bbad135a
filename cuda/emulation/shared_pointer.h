#pragma once
// A pointer into shared memory whose every read and write is told to the emulator. On a GPU it is a plain pointer.

#include <cstddef>
#include <type_traits>

#include "cuda/emulation/emulator.h"

namespace aio::emulation {

/// What *p is.
template <class T>
class SharedReference {
 public:
  SharedReference(const SharedRange& range, T* data) : range_(range), data_(data) {}
  SharedReference(const SharedReference&) = default;

  operator std::remove_const_t<T>() const {  // NOLINT: implicit, as reading is
    shared_read(range_, data_, sizeof(T));
    return *data_;
  }
  // const: what is assigned is not the reference.
  const SharedReference& operator=(const std::remove_const_t<T>& value) const {
    shared_write(range_, data_, sizeof(T));
    *data_ = value;
    return *this;
  }
  SharedReference& operator=(const SharedReference& other) {
    static_cast<const SharedReference&>(*this) = static_cast<std::remove_const_t<T>>(other);
    return *this;
  }
  const SharedReference& operator+=(const std::remove_const_t<T>& value) const {
    return *this = static_cast<std::remove_const_t<T>>(*this) + value;
  }

 private:
  SharedRange range_;
  T* data_;
};

template <class T>
class SharedPointer {
 public:
  explicit SharedPointer(const SharedRange& range) : range_(range), data_(reinterpret_cast<T*>(range.begin)) {}
  SharedPointer(const SharedRange& range, T* data) : range_(range), data_(data) {}
  operator SharedPointer<const T>() const { return {range_, data_}; }  // NOLINT: implicit, as for pointers

  SharedReference<T> operator*() const { return {range_, data_}; }
  template <class Index>
  SharedReference<T> operator[](Index i) const {
    return {range_, data_ + i};
  }
  template <class Index>
  SharedPointer operator+(Index i) const {
    return {range_, data_ + i};
  }
  const SharedRange& range() const { return range_; }
  T* address() const { return data_; }

 private:
  SharedRange range_;
  T* data_;
};

}  // namespace aio::emulation
