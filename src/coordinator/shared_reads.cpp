#include "coordinator/shared_reads.h"

#include <memory>
#include <utility>

namespace distkv::coordinator {

using base::Code;

void SharedReads::get(const GetCommand& command, GetDone done) {
  const base::MonotonicTime deadline = clock_.now() + command.timeout;
  const Name name{std::string(command.key), command.consistency, command.timeout};
  const auto under_way = gathering_.find(name);
  if (under_way == gathering_.end()) {
    std::vector<Waiting> alone;
    alone.push_back({std::move(done), deadline});
    gathering_.emplace(name, std::vector<Waiting>{});
    return start(name, command.timeout, std::move(alone));
  }
  if (under_way->second.size() >= kSharersMax) {
    return done({{Code::kOverloaded,
                  std::to_string(kSharersMax) + " reads of this key wait for its replicas; retry"},
                 {}});
  }
  ++waiting_;
  under_way->second.push_back({std::move(done), deadline});
}

void SharedReads::start(const Name& name, base::Duration timeout, std::vector<Waiting> sharers) {
  const auto shared = std::make_shared<const std::vector<Waiting>>(std::move(sharers));
  read_({std::get<std::string>(name), std::get<wire::Consistency>(name), timeout},
        [this, name, shared](const GetResult& result) {
          for (const Waiting& sharer : *shared) sharer.done(result);
          on_end(name);
        });
}

void SharedReads::on_end(const Name& name) {
  const auto ended = gathering_.find(name);
  if (ended->second.empty()) {
    gathering_.erase(ended);
    return;
  }
  std::vector<Waiting> sharers = std::exchange(ended->second, {});
  waiting_ -= sharers.size();
  // The first has waited longest. It may have none of its patience left: then the read says so.
  const base::Duration left = sharers.front().deadline - clock_.now();
  start(name, left, std::move(sharers));
}

}  // namespace distkv::coordinator
