#include "repair/tree_rig.h"

#include <doctest/doctest.h>

#include <utility>

#include "ring/token.h"

namespace distkv::repair::test {

using base::Endpoint;
using base::NodeId;
using base::Result;
using base::Status;

namespace {

NodeId id_of(size_t number) { return NodeId{"n" + std::to_string(number)}; }
Endpoint endpoint_of(size_t number) { return Endpoint{"host:" + std::to_string(number + 1)}; }
size_t number_of(const Endpoint& endpoint) { return std::stoul(endpoint.value().substr(5)) - 1; }

ring::LiveLayouts layouts_of(size_t replicas, uint32_t partitions) {
  ring::Layout layout;
  layout.version = base::LayoutVersion{3};
  layout.partition_count = partitions;
  layout.replica_count = static_cast<uint32_t>(replicas);
  for (size_t i = 0; i < replicas; ++i) layout.nodes.push_back({id_of(i), 150, "", ""});
  for (uint32_t partition = 0; partition < partitions; ++partition) {
    for (size_t i = 0; i < replicas; ++i) layout.replicas.push_back(static_cast<uint16_t>(i));
  }
  return {std::make_shared<const ring::Layout>(std::move(layout)), nullptr};
}

}  // namespace

void RigEngine::scan(const storage::Scan& scan, storage::ScanDone done) {
  if (before_page) before_page();
  MapEngine::scan(scan, std::move(done));
}

RigReplica::RigReplica(TreeRig& rig, size_t number, const ring::LiveLayouts& layouts)
    : rig_(rig),
      number_(number),
      dots(base::ActorId{number + 1}, base::Counter{}, rig.clock),
      local(engine, dots, tree, holdings, storage::Durability::kGroup),
      rpc(*this, rig.timers, encoder) {
  const membership::Environment environment{*this, rpc, encoder, rig.timers, rig.clock, log};
  membership = std::make_unique<membership::Membership>(
      membership::Self{id_of(number), endpoint_of(number), 1, "rig"}, membership::Options{},
      environment, base::Rng(number), *this);
  for (size_t other = 0; other < layouts.current->nodes.size(); ++other) {
    const std::string id = id_of(other).value();
    const std::string endpoint = endpoint_of(other).value();
    membership->learn({id, endpoint, membership::MemberState::kAlive, {1, 0}});
  }
  holdings.set_partitions(layouts.current->partition_count);
  const auto save = [](const storage::Done& done) { done(Status::ok()); };
  replicas = std::make_unique<replica::Replicas>(id_of(number), local, rpc, *membership, rig.clock);
  survey = std::make_unique<TreeSurvey>(engine, tree, rig.timers, log);
  anti_entropy = std::make_unique<AntiEntropy>(
      AntiEntropy::Host{engine, local, *replicas, tree, holdings, layouts, rig.timers, rig.clock,
                        log, save},
      AntiEntropy::Options{std::chrono::seconds(10), std::chrono::seconds(2)},
      base::Rng(number + 10));
  horizons = std::make_unique<HorizonAnswers>(HorizonAnswers::Host{
      engine, local, holdings, *anti_entropy, layouts, rig.timers, rig.clock, log, save});
  collector = std::make_unique<Collector>(
      Collector::Host{engine, *replicas, holdings, *horizons, layouts, rig.timers, rig.clock, log},
      Collector::Options{kGrace, std::chrono::seconds(2)});
}

void RigReplica::put(const std::string& key, const std::string& value, bool is_delete) {
  causality::Put put;
  put.op_id = base::OpId{{number_ + 1, ++last_op_}};
  put.value = is_delete ? "" : value;
  put.is_tombstone = is_delete;
  local.mint(
      {key, ring::token_of(key)}, std::move(put),
      [](const Result<replica::Minted>& minted) { REQUIRE(minted.is_ok()); },
      [](const Status& durable) { REQUIRE(durable.is_ok()); });
}

std::string RigReplica::stored(const std::string& key) {
  std::string text;
  local.read({key, ring::token_of(key)}, [&text](const Result<replica::RecordView>& record) {
    REQUIRE(record.is_ok());
    if (!record->is_absent()) text = std::string(record->meta) + "|" + std::string(record->values);
  });
  return text;
}

void RigReplica::take(RigReplica& other, const std::string& key) {
  other.local.read({key, ring::token_of(key)}, [&](const Result<replica::RecordView>& record) {
    local.apply({key, ring::token_of(key)}, *record,
                [](const Status& done) { REQUIRE(done.is_ok()); });
  });
}

std::vector<uint64_t> RigReplica::leaves_of_store() {
  std::vector<uint64_t> leaves(replica::kLeaves);
  storage::Scan scan;
  scan.items_max = SIZE_MAX;
  scan.bytes_max = SIZE_MAX;
  engine.MapEngine::scan(scan, [&leaves](const Result<storage::Page>& page) {
    for (const storage::Item& item : page->items) {
      leaves[replica::leaf_of(item.token)] ^= replica::record_hash(item.key, item.entry.meta);
    }
  });
  return leaves;
}

std::vector<uint64_t> RigReplica::leaves() const {
  std::vector<uint64_t> leaves(replica::kLeaves);
  for (uint32_t i = 0; i < replica::kLeaves; ++i) {
    leaves[i] = tree.leaf(static_cast<replica::Leaf>(i));
  }
  return leaves;
}

void RigReplica::build() {
  for (uint32_t i = 0; i < replica::kSections; ++i) {
    tree.settle(i, std::vector<uint64_t>(replica::kSectionLeaves));
  }
  REQUIRE(leaves() == leaves_of_store());
}

int64_t RigReplica::proof_age(uint32_t partition) const {
  for (const wire::PartitionProof& proof : anti_entropy->status().proofs) {
    if (proof.partition != partition) continue;
    if (proof.age_s != wire::PartitionProof::kNever) return proof.age_s;
  }
  return -1;
}

Status RigReplica::send(const Endpoint& to, std::string_view frame) {
  rig_.post(number_, number_of(to), false, frame);
  return Status::ok();
}

void RigReplica::reply(base::ConnectionId to, std::string_view frame) {
  rig_.post(number_, to.value(), true, frame);
}

// As node/tree_requests.cpp does.
void RigReplica::on_request(size_t from, const wire::FrameView& frame) {
  const NodeId peer = id_of(from);
  const auto send_back = [this, from, id = frame.request_id](const auto& answer) {
    reply(base::ConnectionId{from}, encoder.encode(answer, id));
  };
  TreeAnswers& answers = anti_entropy->answers();
  switch (frame.type) {
    case wire::MessageType::kRootsRequest:
      return send_back(anti_entropy->answer_roots(peer, *wire::decode<wire::RootsRequest>(frame)));
    case wire::MessageType::kLeavesRequest:
      return send_back(
          anti_entropy->answer_leaves(peer, *wire::decode<wire::LeavesRequest>(frame)));
    case wire::MessageType::kKeysRequest:
      return answers.keys(peer, *wire::decode<wire::KeysRequest>(frame), send_back);
    case wire::MessageType::kFetchRequest:
      return answers.fetch(peer, *wire::decode<wire::FetchRequest>(frame), send_back);
    case wire::MessageType::kMergeRequest:
      return answers.merge(peer, *wire::decode<wire::MergeRequest>(frame), send_back);
    case wire::MessageType::kHorizonRequest:
      return horizons->answer(*wire::decode<wire::HorizonRequest>(frame), send_back);
    default:
      FAIL("no such message is expected");
  }
}

TreeRig::TreeRig(size_t replicas, uint32_t partitions) : layouts(layouts_of(replicas, partitions)) {
  for (size_t i = 0; i < replicas; ++i) {
    replicas_.push_back(std::make_unique<RigReplica>(*this, i, layouts));
  }
}

void TreeRig::post(size_t from, size_t to, bool is_reply, std::string_view frame) {
  wire::FrameReader reader(wire::kPeerFrameBytesMax);
  const Status fed = reader.feed(frame, [&](const wire::FrameView& view) {
    ++counts[view.type];
    bytes[view.type] += frame.size();
    if (lost.contains(view.type) || (on_post && !on_post(from, to, view.type))) return true;
    in_flight_.push_back([this, from, to, is_reply, type = view.type, id = view.request_id,
                          body = std::string(view.body)] {
      const wire::FrameView arrived{type, id, body};
      if (is_reply) return replicas_[to]->rpc.on_reply(endpoint_of(from), arrived);
      replicas_[to]->on_request(from, arrived);
    });
    return true;
  });
  REQUIRE(fed.is_ok());
}

void TreeRig::run(base::Duration duration) {
  (void)run_until([] { return false; }, duration);
}

bool TreeRig::run_until(const std::function<bool()>& condition, base::Duration most) {
  const base::MonotonicTime deadline = clock.time + most;
  while (!condition()) {
    if (!in_flight_.empty()) {
      const auto next = std::move(in_flight_.front());
      in_flight_.pop_front();
      next();
      continue;
    }
    const auto due = timers.next_deadline();
    if (!due || *due > deadline) {
      clock.time = deadline;
      return condition();
    }
    const base::MonotonicTime next = std::max(clock.time, *due);
    clock.wall += std::chrono::duration_cast<std::chrono::milliseconds>(next - clock.time);
    clock.time = next;
    timers.run_due();
  }
  return true;
}

// The stores are read only where the trees say that it may be so: a test asks at every message.
bool TreeRig::are_equal() const {
  for (uint32_t i = 0; i < replica::kLeaves; ++i) {
    const auto leaf = static_cast<replica::Leaf>(i);
    for (const auto& replica : replicas_) {
      if (replica->tree.leaf(leaf) != replicas_.front()->tree.leaf(leaf)) return false;
    }
  }
  for (const auto& replica : replicas_) {
    if (replica->leaves_of_store() != replicas_.front()->leaves_of_store()) return false;
    if (replica->leaves() != replica->leaves_of_store()) return false;
  }
  return true;
}

void TreeRig::start() {
  for (const auto& replica : replicas_) {
    replica->build();
    replica->anti_entropy->start();
  }
}

uint64_t TreeRig::bytes_total() const {
  uint64_t total = 0;
  for (const auto& [type, size] : bytes) total += size;
  return total;
}

void TreeRig::forget_traffic() {
  counts.clear();
  bytes.clear();
}

}  // namespace distkv::repair::test
