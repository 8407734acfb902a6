// Reads of a hot key share their work: while one is under way, those that come gather, and one read
// for all of them starts when it ends. None joins the read under way, which may have passed by a
// write that was acknowledged before the newcomer asked: a shared read starts after all who share
// it, so it is as good as their own.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/timers.h"
#include "coordinator/coordinator.h"

namespace distkv::coordinator {

// Reads that share one; more are turned away: the key's replicas do not keep up.
inline constexpr size_t kSharersMax = 10'000;

class SharedReads {
 public:
  // Does one read of its own.
  using Read = std::function<void(const GetCommand&, GetDone)>;
  // `clock` must outlive this.
  SharedReads(const base::Clock& clock, Read read) : clock_(clock), read_(std::move(read)) {}

  void get(const GetCommand& command, GetDone done);
  // Reads that wait for one to share.
  size_t waiting() const { return waiting_; }

 private:
  // Only reads that want the same share; patience too, so that none ends by another's deadline.
  using Name = std::tuple<std::string, wire::Consistency, base::Duration>;
  struct Waiting {
    GetDone done;
    base::MonotonicTime deadline;
  };

  void start(const Name& name, base::Duration timeout, std::vector<Waiting> sharers);
  void on_end(const Name& name);

  const base::Clock& clock_;
  const Read read_;
  // A read is under way for each name here; its value gathers for the next.
  std::map<Name, std::vector<Waiting>> gathering_;
  size_t waiting_ = 0;
};

}  // namespace distkv::coordinator
