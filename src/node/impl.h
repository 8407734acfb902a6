// The inside of a node. One object whose parts come to life in two steps: what any node has, and,
// once it knows its cluster, what a member has (MemberParts). The methods stand in files by what
// they are about: start.cpp, layouts.cpp, peer_requests.cpp, client_requests.cpp, admin.cpp,
// explain.cpp, hints.cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/coordinator.h"
#include "membership/joiner.h"
#include "node/admission.h"
#include "node/founder.h"
#include "node/node.h"
#include "node/node_store.h"
#include "node/past.h"
#include "node/put_forwarder.h"
#include "node/retry_time.h"
#include "repair/anti_entropy.h"
#include "repair/collector.h"
#include "repair/damage_repair.h"
#include "repair/hint_delivery.h"
#include "repair/hint_sweep.h"
#include "repair/hint_waits.h"
#include "repair/transfer.h"
#include "repair/tree_survey.h"
#include "wire/rpc.h"

namespace distkv::node {

inline constexpr base::Duration kReportInterval = std::chrono::milliseconds(500);
inline constexpr base::Duration kDrainPoll = std::chrono::milliseconds(5);
// In-flight operations end by their own deadlines; a stopping node waits no longer than this.
inline constexpr base::Duration kDrainMax = std::chrono::seconds(5);

class Node::Impl : public membership::Listener, public membership::JoinListener {
 public:
  Impl(Config config, const Host& host, uint64_t seed);
  ~Impl() override;

  // start.cpp
  void start(std::function<void(base::Status)> started);
  void stop(std::function<void(base::Status)> stopped);
  bool is_serving() const { return phase_ == Phase::kServing; }

  // client_requests.cpp
  void put(const wire::PutRequest& request, std::function<void(const wire::PutReply&)> done);
  void get(const wire::GetRequest& request, std::function<void(const wire::GetReply&)> done);

  // admin.cpp
  void status(const std::function<void(const wire::StatusReply&)>& done);
  void checkpoint(const wire::CheckpointRequest& request,
                  const std::function<void(const wire::CheckpointReply&)>& done);

  // explain.cpp
  void explain(const wire::ExplainRequest& request,
               std::function<void(const wire::ExplainReply&)> done);

  // hints.cpp
  void hints(const wire::HintsRequest& request, std::function<void(const wire::HintsReply&)> done);
  const std::set<base::PartitionId>& dirty_partitions() const { return dirty_partitions_; }

  // peer_requests.cpp
  std::string greeting();
  void on_datagram(const base::Endpoint& from, std::string_view packet);
  bool on_header(base::ConnectionId from, const wire::FrameHeader& header);
  void arrived(base::ConnectionId from) { admission_.arrived(from); }
  void end_request(base::ConnectionId from, size_t bytes) { admission_.end(from, bytes); }
  void on_request(base::ConnectionId from, const wire::FrameView& frame);
  void on_reply(const base::Endpoint& from, const wire::FrameView& frame);
  void on_peer_lost(const base::Endpoint& to) { rpc_.on_peer_lost(to); }
  void on_connection_closed(base::ConnectionId connection);

  const base::NodeId& id() const { return identity_.node_id; }
  const ring::LiveLayouts& layouts() const { return layouts_; }
  const replica::HashTree& hash_tree() const { return tree_; }
  const Admission& admission() const { return admission_; }
  void mark_dirty(base::PartitionId partition);

 private:
  enum class Phase : uint8_t { kNew, kStarting, kJoining, kServing, kStopping, kStopped };
  // Asked to stop, perhaps in the middle of its start: no step of that goes on.
  bool is_ending() const { return phase_ == Phase::kStopping || phase_ == Phase::kStopped; }

  // What a node has once it knows its cluster, in the order it is built.
  struct MemberParts {
    std::unique_ptr<membership::Membership> membership;
    std::unique_ptr<replica::Replicas> replicas;
    std::unique_ptr<coordinator::Coordinator> coordinator;
    std::unique_ptr<PutForwarder> forwarder;
    std::unique_ptr<repair::HintDelivery> delivery;
    std::unique_ptr<repair::HintSweep> hint_sweep;
    std::unique_ptr<repair::HintWaits> hint_waits;
    std::unique_ptr<repair::DamageRepair> damage_repair;
    std::unique_ptr<repair::TreeSurvey> survey;
    std::unique_ptr<repair::AntiEntropy> anti_entropy;
    std::unique_ptr<repair::HorizonAnswers> horizon_answers;
    std::unique_ptr<repair::Collector> collector;
    std::unique_ptr<repair::Transfer> transfer;  // While partitions move from here.
  };

  // A node at the other end of an accepted connection, as it greeted.
  struct Peer {
    base::NodeId id;
    base::ClusterId cluster_id;  // Not ours, or zero: it may only ask to join.
  };

  // start.cpp
  void on_remembered(base::Result<Remembered> remembered);
  base::Status adopt_identity(const std::optional<Identity>& remembered);
  void after_saving(const Identity& identity, std::function<void()> next);
  void introduce_self();  // Fills join_request_.
  void find_cluster();
  void on_found() override;
  void on_joined(const wire::JoinReply& reply) override;
  void on_join_refused(const base::Status& why) override;
  void enter_cluster();
  void load_hints(int attempts_left);
  void recall_past();
  void on_past(const Past& past);
  // In memory: to be saved before anything is minted.
  void take_new_actor();
  void renew_actor(storage::Done done);
  void build_member_parts();
  void restore_tree(std::string_view bytes, uint64_t generation);
  void build_repair_parts();
  void fall_behind(std::string_view why);
  void save_holdings(storage::Done done) { store_.save_holdings(holdings_, std::move(done)); }
  void ask_for_place();
  void finish_start(base::Status status);
  void drain(base::MonotonicTime until);
  void close_store();
  void save_identity_at_end();

  // layouts.cpp
  void on_member_changed(const membership::Member& member) override;
  void on_newer_layout(const membership::Member& peer) override;
  void pull_layouts(const base::NodeId& from);
  void take_layouts(std::string_view bytes);
  void adopt(ring::LiveLayouts layouts);
  void publish(ring::LiveLayouts layouts);
  void spread_layouts();
  void update_transfer();
  void report_transfer();
  bool is_founder() const;
  const base::NodeId& founder_id() const { return layouts_.current->voters.front(); }
  const ring::Layout& minting_layout() const;

  // peer_requests.cpp
  base::Status judge_peer(base::ConnectionId from, wire::MessageType type);
  void on_small_request(base::ConnectionId from, const wire::FrameView& frame);
  auto answer_to(base::ConnectionId from, const wire::FrameView& frame);
  // Zero: never.
  base::MonotonicTime deadline_of(std::chrono::milliseconds timeout) const;
  void on_greeting(base::ConnectionId from, const wire::FrameView& frame);
  void on_apply(base::ConnectionId from, const wire::FrameView& frame);
  void on_read(base::ConnectionId from, const wire::FrameView& frame);
  void on_forwarded_put(base::ConnectionId from, const wire::FrameView& frame);
  void on_join(base::ConnectionId from, const wire::FrameView& frame);
  base::Status judge_joiner(const wire::JoinRequest& request) const;
  void on_members(base::ConnectionId from, const wire::FrameView& frame);
  void on_transfer_done(base::ConnectionId from, const wire::FrameView& frame);
  void on_pull(base::ConnectionId from, const wire::FrameView& frame);
  void on_hints(base::ConnectionId from, const wire::FrameView& frame);
  void send_page(base::ConnectionId to, base::RequestId id, const storage::Scan& scan);
  base::Status judge_layout(base::LayoutVersion version) const;
  void refuse(base::ConnectionId to, base::RequestId id, const base::Status& why);
  template <typename Message>
  void reply(base::ConnectionId to, base::RequestId id, const Message& message) {
    host_.network.reply(to, encoder_.encode(message, id));
  }

  // explain.cpp
  struct Explaining;
  void answer_explain(const Explaining& call, const std::string& key,
                      const std::function<void(const wire::ExplainReply&)>& done) const;

  // hints.cpp
  void mark_dirty(std::optional<base::Token> token);
  uint32_t dirty_count() const;
  void hints_of_key(const std::string& key,
                    const std::function<void(const wire::HintsReply&)>& done);
  void answer_hints(const std::string& target, bool is_done,
                    const std::function<void(const wire::HintsReply&)>& done) const;
  std::chrono::milliseconds age_of(const replica::HintCounts& counts) const;
  // tree_requests.cpp
  bool on_tree_request(base::ConnectionId from, const wire::FrameView& frame);
  template <typename Request, typename Answer>
  void judge_tree_request(base::ConnectionId from, const wire::FrameView& frame, Answer answer);

  // client_requests.cpp
  base::Status judge_request() const;
  bool is_behind(const base::Token& first, const base::Token& last) const;
  base::Duration patience(std::chrono::milliseconds asked) const;
  template <typename Reply>
  std::function<void(const Reply&)> counted(std::function<void(const Reply&)> done);
  void coordinate_put(const wire::PutRequest& request,
                      std::function<void(const wire::PutReply&)> done);
  bool hand_over(const wire::PutRequest& request,
                 const std::function<void(const wire::PutReply&)>& done);
  std::vector<base::NodeId> minters_of(std::string_view key) const;
  void count_request(base::MonotonicTime since);
  void report_store(const base::Status& status);

  const Config config_;
  const Host host_;
  base::Rng rng_;
  Phase phase_ = Phase::kNew;
  Identity identity_;
  NodeStore store_;
  Admission admission_;
  RetryTime retry_time_;
  wire::Encoder encoder_;
  wire::Rpc rpc_;
  ring::LiveLayouts layouts_;
  std::vector<RememberedMember> remembered_members_;
  std::optional<replica::DotClock> dots_;
  replica::HashTree tree_;
  replica::Holdings holdings_;
  std::optional<replica::LocalReplica> local_;
  replica::HintStore hints_;
  // Missed a hint that was dropped.
  std::set<base::PartitionId> dirty_partitions_;
  MemberParts parts_;
  std::unique_ptr<Founder> founder_;
  wire::JoinRequest join_request_;
  std::unique_ptr<membership::Joiner> joiner_;
  std::map<base::ConnectionId, Peer> peers_;
  std::function<void(base::Status)> started_;
  std::function<void(base::Status)> stopped_;
  base::TimerId place_timer_;
  base::TimerId report_timer_;
  base::TimerId drain_timer_;
  bool keeps_actor_ = false;  // Of the life before, which ended in order.
  bool is_pulling_ = false;
  bool is_transferred_ = false;  // All this node held of what moves is at its new place.
  bool is_store_reported_ = false;
  uint64_t last_put_ = 0;
  uint64_t put_at_hand_ = 0;  // The put whose request can still be read, or zero.
  uint64_t requests_ = 0;
  base::Duration latency_total_{};
};

}  // namespace distkv::node
