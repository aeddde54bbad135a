// SavedTensor: what a node keeps of its forward pass, and the check that nobody has overwritten it since.

#include "autograd/autograd.h"
#include "autograd/node.h"
#include "tensor/error.h"
#include "tensor/raw.h"
#include "tensor/storage.h"

namespace aio {

// A leaf or a constant is kept as it is: it owns no nodes with edges. A tensor with history is kept as an alias
// without: else nodes would be owned through saved tensors too, and their destruction would recurse again.
SavedTensor::SavedTensor(Node& owner, const Tensor& tensor, bool output)
    : owner_(&owner), next_(owner.first_saved_), output_(output) {
  owner.first_saved_ = this;
  if (!tensor.defined()) return;
  tensor_ = is_leaf(tensor) ? tensor : raw::alias(tensor);
  storage_ = tensor.storage_ptr().get();
  version_ = tensor.version();
}

Tensor SavedTensor::get() const {
  check(!owner_->released_, ErrorCode::state, owner_->name_,
        ": its saved tensors were freed by an earlier backward (run the forward pass again)");
  check_version();
  return tensor_;
}

void SavedTensor::check_version() const {
  if (!tensor_.defined()) return;
  check(tensor_.storage_ptr().get() == storage_, ErrorCode::state, owner_->name_, ": a saved ",
        output_ ? "output " : "input ", describe(tensor_),
        " was moved to other memory, by FlatParams or by Ema; backward needs what it was (run backward first)");
  check(tensor_.version() == version_, ErrorCode::state, owner_->name_, ": a saved ", output_ ? "output " : "input ",
        describe(tensor_), " was changed in place (version ", tensor_.version(), ", saved at ", version_,
        "); backward needs the old value (write to a copy, or run backward first)");
}

void SavedTensor::detach_output() {
  tensor_ = raw::alias(tensor_);
  output_ = true;
}

}  // namespace aio
