// Hands a put to a replica of its key, because only a replica mints dots. Tries the next replica
// with the same op id when one is gone: to the store that is one write.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "replica/replicas.h"
#include "wire/rpc.h"

namespace distkv::node {

class PutForwarder {
 public:
  using Done = std::function<void(const wire::PutReply&)>;

  PutForwarder(wire::Rpc& rpc, const membership::Membership& membership, const base::Clock& clock)
      : rpc_(rpc), membership_(membership), clock_(clock) {}

  // `replicas`: best first. `done` runs once; its views live for the call.
  void forward(const wire::PutRequest& request, std::vector<base::NodeId> replicas,
               base::Duration timeout, Done done);

 private:
  struct Call;
  void try_next(const std::shared_ptr<Call>& call);
  void on_answer(const std::shared_ptr<Call>& call, const base::Result<wire::FrameView>& answer);
  void give_up(const Call& call) const;

  wire::Rpc& rpc_;
  const membership::Membership& membership_;
  const base::Clock& clock_;
};

}  // namespace distkv::node
