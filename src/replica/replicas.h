// Reaches the replica on any node: in this one by a call, on another by a message. Callers see one
// contract, so that a local copy is never a special case of replication.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/types.h"
#include "membership/membership.h"
#include "replica/local_replica.h"
#include "replica/scores.h"
#include "wire/rpc.h"

namespace distkv::replica {

struct ReplicaRead {
  bool has_record = true;      // False: only the digest was asked for.
  uint64_t digest = 0;         // Without a record only. Zero: the replica holds nothing of the key.
  RecordView record;           // Lives for the call.
  base::Counter horizon = {};  // Of the key's partition there.
};
// Where the write lies, if the status is ok.
using ApplyDone = std::function<void(const base::Status&, base::Persistence)>;
using ReadDone = std::function<void(base::Result<ReplicaRead>)>;

// Where a page of a pull begins: behind `after`, or at `first` if that is empty.
struct PullRange {
  base::Token first;
  base::Token last;  // Included.
  std::string after;
};

struct PulledRecord {
  std::string key;
  RecordBytes record;
};

struct PulledPage {
  std::vector<PulledRecord> records;  // In order of token, then key.
  std::string last;                   // How far the replica looked; empty: to the end.
};
using PullDone = std::function<void(base::Result<PulledPage>)>;

class Replicas {
 public:
  // All must outlive this.
  Replicas(base::NodeId self, LocalReplica& local, wire::Rpc& rpc,
           const membership::Membership& membership, const base::Clock& clock)
      : self_(std::move(self)), local_(local), rpc_(rpc), membership_(membership), clock_(clock) {}

  // Merges `record` on `node`; ok means acknowledged by its store. kUnavailable without asking if
  // the node is believed dead; kLost or kTimedOut if it may or may not have happened.
  void apply(const base::NodeId& node, const KeyPlace& place, const RecordView& record,
             base::LayoutVersion layout, base::Duration timeout, storage::Done done);
  // The same for a record that was just minted here, on another node (LocalReplica::replicate), and
  // tells where it lies then.
  void replicate(const base::NodeId& node, const KeyPlace& place, const RecordView& record,
                 base::LayoutVersion layout, base::Duration timeout, ApplyDone done);
  // Reads the record on `node`, or its digest alone, to answer a client. Errors likewise.
  void read(const base::NodeId& node, const KeyPlace& place, bool wants_digest,
            base::LayoutVersion layout, base::Duration timeout, ReadDone done);

  // A page of what another node holds of a range. Errors likewise.
  void pull(const base::NodeId& node, const PullRange& range, base::LayoutVersion layout,
            base::Duration timeout, PullDone done);

  // What reads of `node` were like; reads above keep it, and callers who notice that one is late.
  Score& score(const base::NodeId& node) { return scores_.of(node); }
  // Any other question to another node. The answer's views live for the call; an answer that
  // carries a failure is one. Errors likewise.
  template <typename Reply, typename Request>
  void ask(const base::NodeId& node, const Request& request, base::Duration timeout,
           std::function<void(const base::Result<Reply>&)> done) {
    const membership::Member* member = membership_.find(node);
    if (member == nullptr || !member->is_reachable()) return done(down(node));
    bytes_asked_ +=
        rpc_.call(member->endpoint, request, timeout,
                  [this, done = std::move(done)](const base::Result<wire::FrameView>& answer) {
                    if (answer.is_ok())
                      bytes_asked_ += wire::kFrameHeaderBytes + answer->body.size();
                    base::Result<Reply> reply = wire::expect<Reply>(answer);
                    if (reply.is_ok() && reply->code != base::Code::kOk) {
                      return done(base::Status(reply->code, std::string(reply->message)));
                    }
                    done(reply);
                  });
  }
  // Of all the frames that ask() has sent and got.
  uint64_t bytes_asked() const { return bytes_asked_; }

  // Not believed dead. Oneself always is.
  bool is_reachable(const base::NodeId& node) const;
  // Reachable, and not so slow that nothing more is sent to it (wire::Rpc).
  bool has_room(const base::NodeId& node, size_t bytes) const;
  // Reachable and not suspected.
  bool is_alive(const base::NodeId& node) const;
  const base::NodeId& self() const { return self_; }

 private:
  static base::Status down(const base::NodeId& node);
  void send(const base::NodeId& node, const wire::ApplyRequest& request, base::Duration timeout,
            ApplyDone done);

  const base::NodeId self_;
  LocalReplica& local_;
  wire::Rpc& rpc_;
  const membership::Membership& membership_;
  const base::Clock& clock_;
  Scores scores_;
  uint64_t bytes_asked_ = 0;
};

}  // namespace distkv::replica
