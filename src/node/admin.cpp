// What a node tells people about itself; about one key: explain.cpp.
#include <algorithm>
#include <memory>
#include <utility>

#include "node/checkpoint_name.h"
#include "node/impl.h"

namespace distkv::node {

using base::Code;
using base::Result;
using base::Status;

namespace {

static_assert(coordinator::HotKeys::kTracked <= wire::kHotKeysMax);

// What a person must know of the store, in a line.
std::string state_of(const storage::Sample& sample, const std::string& repair) {
  std::string state = sample.trouble;
  if (sample.tables_damaged > 0) {
    state += (state.empty() ? "" : "; ") + std::string("damaged: ") +
             std::to_string(sample.tables_damaged) + " of " + std::to_string(sample.tables) +
             " tables" + (repair.empty() ? "" : ", " + repair);
  }
  return state.empty() ? "ok" : state;
}

}  // namespace

void Node::Impl::status(const std::function<void(const wire::StatusReply&)>& done) {
  wire::StatusReply reply;
  reply.node_id = identity_.node_id.value();
  reply.cluster_name = identity_.cluster_name;
  reply.engine = config_.engine_name;
  if (!parts_.membership) {
    reply.code = Code::kUnavailable;
    reply.message = "the node is in no cluster yet; it is waiting for its seeds";
    return done(reply);
  }
  for (const auto& [id, member] : parts_.membership->members()) {
    const bool is_self = id == identity_.node_id;
    reply.nodes.push_back({id.value(), member.endpoint.value(), member.state,
                           is_self ? host_.clock.wall_now() : member.last_seen});
  }
  reply.requests = requests_;
  if (requests_ > 0) {
    reply.latency_mean_us = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(latency_total_).count() /
        static_cast<int64_t>(requests_));
  }
  reply.layout_version = layouts_.version().value();
  reply.is_settled = layouts_.is_settled();
  reply.partition_count = layouts_.current->partition_count;
  reply.replica_count = layouts_.current->replicas_per_partition();
  const replica::HintCounts hints = hints_.ledger().total();
  reply.hints_pending = hints.pending;
  reply.hint_bytes = hints.bytes;
  reply.hint_age = age_of(hints);
  reply.hints_dropped = hints.dropped;
  reply.dirty_partitions = dirty_count();
  reply.read_repairs = parts_.coordinator->counts().read_repairs;
  const double pressure = std::clamp(host_.engine.pressure(), 0.0, 1.0);
  reply.pressure_permille = static_cast<uint16_t>(pressure * wire::kPermilleMax);
  const storage::Sample sample = host_.engine.sample();
  reply.bytes_on_disk = sample.bytes_on_disk;
  const std::string state = state_of(sample, parts_.damage_repair->state());
  reply.storage_state = state;
  reply.anti_entropy = parts_.anti_entropy->status();
  reply.anti_entropy->mismatches = parts_.survey->mismatches();
  reply.anti_entropy->collected += parts_.horizon_answers->collected();
  const std::vector<coordinator::HotKeys::Hot> hot_keys = parts_.coordinator->hot_keys().hot();
  for (const coordinator::HotKeys::Hot& hot : hot_keys) {
    reply.hot_keys.push_back(
        {hot.key, static_cast<uint32_t>(hot.key.size()), hot.requests, hot.error});
  }
  reply.requests_refused = admission_.refused();
  reply.request_bytes = admission_.budget()->held();
  reply.request_bytes_max = admission_.budget()->max();
  reply.recent_reads = parts_.coordinator->hot_keys().requests();
  done(reply);
}

void Node::Impl::checkpoint(const wire::CheckpointRequest& request,
                            const std::function<void(const wire::CheckpointReply&)>& done) {
  const auto answer = [this, done](const Status& status, const std::string& directory) {
    wire::CheckpointReply reply;
    reply.code = status.code();
    reply.message = status.message();
    reply.node_id = identity_.node_id.value();
    reply.directory = directory;
    done(reply);
  };
  const std::string name(request.name);
  Status judged = judge_request();
  if (judged.is_ok()) judged = judge_checkpoint_name(name);
  if (judged.is_ok() && !host_.checkpoint_path) {
    judged = {Code::kInvalidArgument, "this node keeps nothing on disk that could be copied"};
  }
  if (!judged.is_ok()) return answer(judged, "");
  const Result<std::string> path = host_.checkpoint_path(name);
  if (!path.is_ok()) return answer(path.status(), "");
  host_.engine.checkpoint(*path, [this, name, path = *path, answer](const Status& status) {
    if (status.is_ok()) {
      host_.log.info("checkpoint_made", {{"name", name}, {"directory", path}});
    } else {
      host_.log.warn("checkpoint_failed", {{"name", name}, {"why", status.message()}});
    }
    answer(status, status.is_ok() ? path : "");
  });
}

}  // namespace distkv::node
