#include "repair/tree_answers.h"

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "repair/leaf_walk.h"
#include "repair/repeat.h"
#include "repair/spent.h"
#include "ring/token.h"

namespace distkv::repair {

using base::Code;
using base::NodeId;
using base::PartitionId;
using base::Result;
using base::Status;
using replica::Leaf;

namespace {

struct LeafRange {
  Leaf first;
  Leaf last;
};

LeafRange leaf_range(const ring::Layout& layout, PartitionId partition) {
  return {replica::leaf_of(layout.first_token(partition)),
          replica::leaf_of(layout.last_token(partition))};
}

template <typename Reply>
Reply refusal(Code code, std::string_view why) {
  Reply reply;
  reply.code = code;
  reply.message = why;
  return reply;
}

constexpr std::string_view kMoving = "partitions are moving";

// The asker's tags, and which of them were met here.
class Tags {
 public:
  explicit Tags(const std::vector<uint32_t>& tags) {
    for (uint32_t place = 0; place < tags.size(); ++place) places_[tags[place]].push_back(place);
    is_met_.resize(tags.size());
  }
  bool meet(uint32_t tag) {
    const auto found = places_.find(tag);
    if (found == places_.end()) return false;
    for (const uint32_t place : found->second) is_met_[place] = true;
    return true;
  }
  std::vector<uint32_t> unmet() const {
    std::vector<uint32_t> unmet;
    for (uint32_t place = 0; place < is_met_.size(); ++place) {
      if (!is_met_[place]) unmet.push_back(place);
    }
    return unmet;
  }

 private:
  std::unordered_map<uint32_t, std::vector<uint32_t>> places_;  // Looked up, never walked.
  std::vector<bool> is_met_;
};

wire::KeysReply compare(const WalkedPage& page, const std::vector<uint32_t>& asked, uint64_t salt) {
  wire::KeysReply reply;
  Tags tags(asked);
  reply.last = page.last;
  size_t bytes = 0;
  for (const storage::Item& item : page.items) {
    const std::string& meta = item.entry.meta;
    if (tags.meet(replica::tag_of(replica::record_hash(item.key, meta), salt))) continue;
    reply.surplus.push_back({item.key, meta, ""});
    bytes += item.key.size() + meta.size();
    if (bytes < kAnswerBytes || &item == &page.items.back()) continue;
    reply.last = item.key;
    break;
  }
  reply.missing = tags.unmet();
  return reply;
}

}  // namespace

bool TreeAnswers::holds(PartitionId partition) const {
  const ring::Layout& layout = *host_.layouts.current;
  return partition.value() < layout.partition_count && layout.is_replica(partition, host_.self);
}

bool TreeAnswers::has_guest(const NodeId& except) const {
  return guest_ != except && host_.clock.now() < guest_until_;
}

void TreeAnswers::welcome(const NodeId& guest) {
  guest_ = guest;
  guest_until_ = host_.clock.now() + kGuestPatience;
}

bool TreeAnswers::is_ready(PartitionId partition) const {
  const LeafRange leaves = leaf_range(*host_.layouts.current, partition);
  return host_.tree.is_ready(leaves.first, leaves.last);
}

uint64_t TreeAnswers::root(PartitionId partition) const {
  const LeafRange leaves = leaf_range(*host_.layouts.current, partition);
  const uint64_t horizon = host_.holdings.horizon(partition).value();
  const uint64_t horizon_hash = horizon == 0 ? 0 : replica::record_hash(horizon, "horizon");
  return host_.tree.root(leaves.first, leaves.last) ^ horizon_hash;
}

wire::RootsReply TreeAnswers::roots(const wire::RootsRequest& request) const {
  if (!host_.layouts.is_settled()) return refusal<wire::RootsReply>(Code::kUnavailable, kMoving);
  wire::RootsReply reply;
  for (size_t i = 0; i < request.partitions.size(); ++i) {
    const PartitionId partition{request.partitions[i]};
    if (!holds(partition) || !is_ready(partition)) {
      reply.unready.push_back(partition.value());
    } else if (root(partition) != request.roots[i]) {
      reply.differing.push_back(partition.value());
    }
  }
  return reply;
}

wire::LeavesReply TreeAnswers::leaves(const NodeId& from, const wire::LeavesRequest& request) {
  using Reply = wire::LeavesReply;
  if (!host_.layouts.is_settled()) return refusal<Reply>(Code::kUnavailable, kMoving);
  if (!holds(request.partition)) {
    return refusal<Reply>(Code::kUnavailable, "this node is no replica of the partition");
  }
  const LeafRange all = leaf_range(*host_.layouts.current, request.partition);
  if (!is_ready(request.partition)) {
    return refusal<Reply>(Code::kUnavailable, "the partition's tree is not built yet");
  }
  if (request.horizon > host_.holdings.horizon(request.partition)) {
    return refusal<Reply>(Code::kUnavailable, "this node's horizon is behind: it asks itself");
  }
  if (is_closed_ || has_guest(from)) {
    return refusal<Reply>(Code::kOverloaded, "another exchange is under way");
  }
  if (host_.engine.pressure() > kAnswerPressureMax) {
    return refusal<Reply>(Code::kOverloaded, "the store is busy");
  }
  welcome(from);
  Reply reply;
  reply.horizon = host_.holdings.horizon(request.partition);
  if (request.leaves.empty()) {
    for (uint32_t leaf = all.first; leaf <= all.last; ++leaf) {
      reply.hashes.push_back(host_.tree.leaf(static_cast<Leaf>(leaf)));
    }
  }
  for (const Leaf leaf : request.leaves) {
    if (leaf < all.first || leaf > all.last) {
      return refusal<Reply>(Code::kInvalidArgument, "a leaf is of another partition");
    }
    reply.hashes.push_back(host_.tree.leaf(leaf));
  }
  return reply;
}

void TreeAnswers::keys(const NodeId& from, const wire::KeysRequest& request,
                       Done<wire::KeysReply> done) {
  welcome(from);
  // Of the partition that all these leaves are of: a tree of leaves is finer than any layout.
  const base::Counter horizon =
      host_.holdings.horizon(replica::first_token(request.leaves.front()));
  walk_leaves(host_.engine,
              {request.leaves, std::string(request.after), std::string(request.through)},
              kAnswerRecords,
              [this, horizon, tags = request.tags, salt = request.salt,
               done = std::move(done)](Result<WalkedPage> page) {
                if (!page.is_ok()) {
                  return done(refusal<wire::KeysReply>(page.code(), page.status().message()));
                }
                collect_spent(host_.local, horizon, std::move(*page),
                              [this, tags, salt, done](const WalkedPage& rest, size_t collected) {
                                collected_ += collected;
                                done(compare(rest, tags, salt));
                              });
              });
}

void TreeAnswers::fetch(const NodeId& from, const wire::FetchRequest& request,
                        Done<wire::FetchReply> done) {
  welcome(from);
  struct Fetching {
    std::vector<std::string> keys;
    std::vector<replica::RecordBytes> records;
    size_t bytes = 0;
    Done<wire::FetchReply> done;
  };
  const auto fetching = std::make_shared<Fetching>();
  fetching->keys.assign(request.keys.begin(), request.keys.end());
  fetching->done = std::move(done);
  repeat([&local = host_.local, fetching](const std::function<void()>& next) {
    const size_t count = fetching->records.size();
    if (count == fetching->keys.size() || fetching->bytes >= kAnswerBytes) {
      wire::FetchReply reply;
      for (size_t i = 0; i < count; ++i) {
        reply.records.push_back(
            {fetching->keys[i], fetching->records[i].meta, fetching->records[i].values});
      }
      return fetching->done(reply);
    }
    const std::string& key = fetching->keys[count];
    local.read({key, ring::token_of(key)}, [fetching,
                                            next](const Result<replica::RecordView>& record) {
      if (!record.is_ok()) {
        return fetching->done(refusal<wire::FetchReply>(record.code(), record.status().message()));
      }
      fetching->bytes += record->meta.size() + record->values.size();
      fetching->records.push_back({std::string(record->meta), std::string(record->values)});
      next();
    });
  });
}

void TreeAnswers::merge(const NodeId& from, const wire::MergeRequest& request,
                        Done<wire::ApplyReply> done) {
  welcome(from);
  struct Merging {
    size_t waiting;
    Status status;
    Done<wire::ApplyReply> done;
  };
  const auto merging =
      std::make_shared<Merging>(Merging{request.records.size() + 1, {}, std::move(done)});
  const auto finish_one = [merging](const Status& status) {
    if (!status.is_ok()) merging->status = status;
    if (--merging->waiting > 0) return;
    merging->done({merging->status.code(), merging->status.message()});
  };
  for (const wire::TreeRecord& record : request.records) {
    if (record.meta.empty()) {
      finish_one(Status::ok());
      continue;
    }
    host_.local.apply({record.key, ring::token_of(record.key)}, {record.meta, record.values},
                      finish_one);
  }
  finish_one(Status::ok());
}

}  // namespace distkv::repair
