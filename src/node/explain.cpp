// Everything that is known of one key: where it lives, what each replica holds of it, who keeps a
// write of it for whom, and what a quorum would answer.
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <utility>

#include "coordinator/tally.h"
#include "node/impl.h"
#include "ring/token.h"

namespace distkv::node {

using base::Result;
using base::Status;

namespace {

// Zero where the replica holds nothing, as between replicas.
uint64_t digest_of(const causality::Record& record) {
  if (record == causality::Record{}) return 0;
  std::string meta;
  std::string values;
  causality::encode_record(record, meta, values);
  return causality::digest(meta);
}

std::vector<wire::ExplainVersion> versions_of(const causality::Record& record) {
  std::vector<wire::ExplainVersion> versions;
  for (const causality::Version& version : record.versions) {
    versions.push_back({version.dot.actor, version.dot.counter, version.value.size(),
                        version.expires_at, version.is_tombstone});
  }
  return versions;
}

// As the client prints it.
std::string text_of(const causality::Dot& dot) {
  std::array<char, 48> text{};
  const int size = std::snprintf(text.data(), text.size(), "%016llx:%llu",
                                 static_cast<unsigned long long>(dot.actor.value()),
                                 static_cast<unsigned long long>(dot.counter.value()));
  return {text.data(), static_cast<size_t>(size)};
}

// What a merged record is to its readers.
std::string answer_of(const causality::Record& merged, base::WallTime now) {
  const std::vector<const causality::Version*> alive = causality::siblings(merged, now);
  if (alive.size() > 1) {
    return std::to_string(alive.size()) + " siblings, the newest is dot " +
           text_of(alive.front()->dot);
  }
  if (alive.size() == 1) {
    return "one value of " + std::to_string(alive.front()->value.size()) + " bytes";
  }
  if (merged.versions.empty()) return "not found (never written)";
  const bool is_expired =
      std::any_of(merged.versions.begin(), merged.versions.end(),
                  [](const causality::Version& version) { return !version.is_tombstone; });
  return is_expired ? "not found (expired)" : "not found (deleted)";
}

// What a quorum read would answer now, and why.
std::string verdict_on(const coordinator::Plan& plan,
                       const std::vector<coordinator::Inspection>& found, uint32_t read_quorum,
                       base::WallTime now) {
  coordinator::Tally tally(plan, wire::Consistency::kQuorum, read_quorum);
  causality::Record merged;
  bool agree = true;
  const causality::Record* first = nullptr;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i].status.is_ok()) {
      tally.fail(i);
      continue;
    }
    tally.succeed(i);
    merged = causality::merge(merged, found[i].record);
    if (first == nullptr) first = &found[i].record;
    agree = agree && found[i].record == *first;
  }
  if (tally.state() != coordinator::Tally::State::kReached) {
    return "refused: " + tally.describe("answered");
  }
  return answer_of(merged, now) + ": " + std::to_string(tally.successes()) + " of " +
         std::to_string(found.size()) + " replicas answered and " +
         (agree ? "agree" : "differ; a read repairs them");
}

}  // namespace

// One explain under way, until each replica has said what it holds and what it keeps for others.
struct Node::Impl::Explaining {
  struct KeptHint {
    base::NodeId holder;
    std::string target;
    std::chrono::milliseconds age{0};
  };
  coordinator::Plan plan;
  std::vector<coordinator::Inspection> found;
  std::vector<KeptHint> hints;
  size_t waiting = 0;

  bool has_hint(const base::NodeId& holder, const base::NodeId& target) const {
    return std::any_of(hints.begin(), hints.end(), [&](const KeptHint& hint) {
      return hint.holder == holder && hint.target == target.value();
    });
  }
  void take(const base::NodeId& holder, const wire::HintsReply& reply) {
    if (!reply.is_of_key) return;  // Too old to tell one key's from all others.
    for (const wire::HintTarget& target : reply.targets) {
      if (hints.size() == wire::kExplainHintsMax) return;
      hints.push_back({holder, std::string(target.id), target.age});
    }
  }
};

void Node::Impl::answer_explain(const Explaining& call, const std::string& key,
                                const std::function<void(const wire::ExplainReply&)>& done) const {
  wire::ExplainReply reply;
  reply.token = call.plan.token;
  reply.slot = ring::slot_of(key);
  reply.partition = call.plan.partition;
  reply.layout_version = call.plan.layouts.version().value();
  if (call.plan.layouts.previous) {
    reply.previous_layout_version = call.plan.layouts.previous->version.value();
  }
  for (size_t i = 0; i < call.found.size(); ++i) {
    const coordinator::Inspection& found = call.found[i];
    const membership::Member* member = parts_.membership->find(*found.node);
    wire::ExplainReplica replica{found.node->value(),
                                 "",
                                 wire::MemberState::kDead,
                                 found.status.code(),
                                 found.status.message(),
                                 versions_of(found.record),
                                 call.has_hint(identity_.node_id, *found.node),
                                 digest_of(found.record),
                                 call.plan.targets[i].rows};
    if (member != nullptr) replica.endpoint = member->endpoint.value();
    if (member != nullptr) replica.state = member->state;
    reply.replicas.push_back(std::move(replica));
  }
  const std::string verdict =
      verdict_on(call.plan, call.found, config_.read_quorum, host_.clock.wall_now());
  reply.verdict = verdict;
  for (const Explaining::KeptHint& hint : call.hints) {
    reply.hints.push_back({hint.holder.value(), hint.target, hint.age});
  }
  reply.tells_hints = true;
  done(reply);
}

void Node::Impl::explain(const wire::ExplainRequest& request,
                         std::function<void(const wire::ExplainReply&)> done) {
  const Status judged = judge_request();
  if (!judged.is_ok()) {
    wire::ExplainReply no;
    no.code = judged.code();
    no.message = judged.message();
    return done(no);
  }
  auto call = std::make_shared<Explaining>();
  const std::string key(request.key);
  call->plan = coordinator::make_plan(layouts_, ring::token_of(key));
  call->waiting = call->plan.targets.size() + 2;  // Others' hints, own ones, what replicas hold.
  const auto finish = [this, call, key, done = std::move(done)] {
    if (--call->waiting == 0) answer_explain(*call, key, done);
  };
  wire::HintsRequest of_key;
  of_key.key = key;
  const base::Duration timeout = patience(request.timeout);
  hints(of_key, [this, call, finish](const wire::HintsReply& reply) {
    call->take(identity_.node_id, reply);
    finish();
  });
  for (const coordinator::Target& target : call->plan.targets) {
    if (*target.node == identity_.node_id) {
      finish();
      continue;
    }
    parts_.replicas->ask<wire::HintsReply>(
        *target.node, of_key, timeout,
        [call, finish, node = target.node](const Result<wire::HintsReply>& reply) {
          if (reply.is_ok()) call->take(*node, *reply);
          finish();
        });
  }
  parts_.coordinator->inspect(
      key, timeout,
      [call, finish](const coordinator::Plan& plan, std::vector<coordinator::Inspection> found) {
        call->plan = plan;
        call->found = std::move(found);
        finish();
      });
}

}  // namespace distkv::node
