#include "replica/replicas.h"

#include <utility>

#include "base/check.h"

namespace distkv::replica {

using base::Code;
using base::Result;
using base::Status;

namespace {

void tell(const Result<wire::FrameView>& answer, const ApplyDone& done) {
  const Result<wire::ApplyReply> reply = wire::expect<wire::ApplyReply>(answer);
  if (!reply.is_ok()) return done(reply.status(), {});
  if (reply->code == Code::kOk) return done(Status::ok(), reply->persistence);
  done({reply->code, std::string(reply->message)}, {});
}

Result<ReplicaRead> record_of(const Result<wire::FrameView>& answer, bool wants_digest) {
  const Result<wire::ReadReply> reply = wire::expect<wire::ReadReply>(answer);
  if (!reply.is_ok()) return reply.status();
  if (reply->code != Code::kOk) return Status(reply->code, std::string(reply->message));
  return ReplicaRead{!wants_digest, reply->digest, {reply->meta, reply->values}, reply->horizon};
}

Result<PulledPage> page_of(const Result<wire::FrameView>& answer) {
  const Result<wire::PullReply> reply = wire::expect<wire::PullReply>(answer);
  if (!reply.is_ok()) return reply.status();
  if (reply->code != Code::kOk) return Status(reply->code, std::string(reply->message));
  PulledPage page;
  for (const wire::PulledRecord& record : reply->records) {
    page.records.push_back(
        {std::string(record.key), {std::string(record.meta), std::string(record.values)}});
  }
  page.last = std::string(reply->last);
  return page;
}

}  // namespace

Status Replicas::down(const base::NodeId& node) {
  return {Code::kUnavailable, "node " + node.value() + " is down"};
}

void Replicas::apply(const base::NodeId& node, const KeyPlace& place, const RecordView& record,
                     base::LayoutVersion layout, base::Duration timeout, storage::Done done) {
  if (node == self_) return local_.apply(place, record, std::move(done));
  send(node, {place.key, record.meta, record.values, layout, false}, timeout,
       [done = std::move(done)](const Status& status, base::Persistence) { done(status); });
}

void Replicas::replicate(const base::NodeId& node, const KeyPlace& place, const RecordView& record,
                         base::LayoutVersion layout, base::Duration timeout, ApplyDone done) {
  DISTKV_DCHECK(node != self_);
  send(node, {place.key, record.meta, record.values, layout, true}, timeout, std::move(done));
}

void Replicas::send(const base::NodeId& node, const wire::ApplyRequest& request,
                    base::Duration timeout, ApplyDone done) {
  const membership::Member* member = membership_.find(node);
  if (member == nullptr || !member->is_reachable()) return done(down(node), {});
  rpc_.call(
      member->endpoint, request, timeout,
      [done = std::move(done)](const Result<wire::FrameView>& answer) { tell(answer, done); });
}

void Replicas::read(const base::NodeId& node, const KeyPlace& place, bool wants_digest,
                    base::LayoutVersion layout, base::Duration timeout, ReadDone done) {
  const auto count = [this, &score = scores_.of(node), since = clock_.now()](bool is_ok) {
    const base::MonotonicTime now = clock_.now();
    score.answered(now, now - since, is_ok);
  };
  if (node == self_) {
    return local_.read_for_client(place, [this, token = place.token, done = std::move(done),
                                          count](Result<RecordView> record) {
      count(record.is_ok());
      if (!record.is_ok()) return done(record.status());
      done(ReplicaRead{true, 0, *record, local_.horizon(token)});
    });
  }
  const membership::Member* member = membership_.find(node);
  if (member == nullptr || !member->is_reachable()) return done(down(node));
  const wire::ReadRequest request{place.key, layout, wants_digest,
                                  std::chrono::ceil<std::chrono::milliseconds>(timeout)};
  rpc_.call(member->endpoint, request, timeout,
            [done = std::move(done), wants_digest, count](const Result<wire::FrameView>& answer) {
              const Result<ReplicaRead> read = record_of(answer, wants_digest);
              count(read.is_ok() || read.code() == Code::kStaleLayout);
              done(read);
            });
}

void Replicas::pull(const base::NodeId& node, const PullRange& range, base::LayoutVersion layout,
                    base::Duration timeout, PullDone done) {
  const membership::Member* member = membership_.find(node);
  if (member == nullptr || !member->is_reachable()) return done(down(node));
  const wire::PullRequest request{layout, range.first, range.last, range.after};
  rpc_.call(
      member->endpoint, request, timeout,
      [done = std::move(done)](const Result<wire::FrameView>& answer) { done(page_of(answer)); });
}

bool Replicas::is_reachable(const base::NodeId& node) const {
  if (node == self_) return true;
  const membership::Member* member = membership_.find(node);
  return member != nullptr && member->is_reachable();
}

bool Replicas::has_room(const base::NodeId& node, size_t bytes) const {
  if (node == self_) return true;
  const membership::Member* member = membership_.find(node);
  return member != nullptr && member->is_reachable() && rpc_.has_room(member->endpoint, bytes);
}

bool Replicas::is_alive(const base::NodeId& node) const {
  if (node == self_) return true;
  const membership::Member* member = membership_.find(node);
  return member != nullptr && member->is_alive();
}

}  // namespace distkv::replica
