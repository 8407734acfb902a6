// Hands a put to a replica of its key, because only a replica mints dots. Tries the next replica
// with the same op id when one is gone, and beside it when one keeps silent: to the store that is
// one write.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "replica/replicas.h"
#include "wire/rpc.h"

namespace distkv::node {

// A replica syncs a put and hears from another in a few milliseconds; one that needs this long has
// stopped, or stands before a stop that membership has yet to see.
inline constexpr base::Duration kForwardPatience = std::chrono::milliseconds(250);

class PutForwarder {
 public:
  using Done = std::function<void(const wire::PutReply&)>;

  // All must outlive this.
  struct Host {
    wire::Rpc& rpc;
    const membership::Membership& membership;
    replica::Replicas& replicas;
    base::Timers& timers;
    const base::Clock& clock;
    base::Log& log;
  };
  explicit PutForwarder(const Host& host) : host_(host) {}

  // `replicas`: best first. `done` runs once; its views live for the call.
  void forward(const wire::PutRequest& request, std::vector<base::NodeId> replicas,
               base::Duration timeout, Done done);

 private:
  struct Call;
  void try_next(const std::shared_ptr<Call>& call);
  void on_late(const std::shared_ptr<Call>& call, const base::NodeId& node);
  void on_answer(const std::shared_ptr<Call>& call, const base::NodeId& node,
                 const base::Result<wire::FrameView>& answer);
  void give_up(const std::shared_ptr<Call>& call) const;
  static void note_answer(Call& call, const base::NodeId& node,
                          const base::Result<wire::PutReply>& reply);
  void tell(Call& call, wire::PutReply& reply) const;

  const Host host_;
};

}  // namespace distkv::node
