// One message of each type that replicas exchange to compare their hash trees and to move horizons,
// as samples.h has of the others.
#pragma once

#include "wire/messages.h"

namespace distkv::wire {

inline RootsRequest sample_roots_request() {
  return {.layout_version = base::LayoutVersion(8),
          .partitions = {0, 7, 1023},
          .roots = {0, 0x1122334455667788, UINT64_MAX}};
}

inline RootsReply sample_roots_reply() {
  return {.code = base::Code::kUnavailable,
          .message = "moving",
          .differing = {7},
          .unready = {0, 1023}};
}

inline LeavesRequest sample_leaves_request() {
  return {.layout_version = base::LayoutVersion(8),
          .partition = base::PartitionId(7),
          .leaves = {448, 511}};
}

inline LeavesReply sample_leaves_reply() {
  return {.code = base::Code::kOverloaded, .message = "busy", .hashes = {0, 0x8877665544332211}};
}

inline KeysRequest sample_keys_request() {
  return {.layout_version = base::LayoutVersion(8),
          .leaves = {448, 65535},
          .after = "key-1",
          .through = "key-9",
          .salt = 0x99,
          .tags = {1, 0xffffffff}};
}

inline KeysReply sample_keys_reply() {
  return {.code = base::Code::kOk,
          .message = "",
          .missing = {1},
          .surplus = {{"key-2", "meta-2", ""}, {"key-3", "meta-3", ""}},
          .last = "key-3"};
}

inline FetchRequest sample_fetch_request() {
  return {.layout_version = base::LayoutVersion(8), .keys = {"key-2", "key-3"}};
}

inline FetchReply sample_fetch_reply() {
  return {.code = base::Code::kOk,
          .message = "",
          .records = {{"key-2", "meta-2", "values-2"}, {"key-3", "", ""}}};
}

inline MergeRequest sample_merge_request() {
  return {.layout_version = base::LayoutVersion(8), .records = {{"key-1", "meta-1", "values-1"}}};
}

inline LeavesRequest sample_leaves_request_with_horizon() {
  LeavesRequest request = sample_leaves_request();
  request.horizon = base::Counter(0x0102030405060708);
  return request;
}

inline LeavesReply sample_leaves_reply_with_horizon() {
  LeavesReply reply = sample_leaves_reply();
  reply.horizon = base::Counter(0x0807060504030201);
  return reply;
}

inline HorizonRequest sample_horizon_request() {
  return {.layout_version = base::LayoutVersion(8),
          .step = HorizonStep::kProve,
          .horizon = base::Counter(0x1122334455667788),
          .partitions = {0, 1023}};
}

inline HorizonReply sample_horizon_reply() {
  return {.code = base::Code::kUnavailable, .message = "moving", .partitions = {1023}};
}

// As for_each_sample.
template <typename Visit>
void for_each_tree_sample(Visit visit) {
  visit("RootsRequest", sample_roots_request());
  visit("RootsReply", sample_roots_reply());
  visit("LeavesRequest", sample_leaves_request());
  visit("LeavesReply", sample_leaves_reply());
  visit("KeysRequest", sample_keys_request());
  visit("KeysReply", sample_keys_reply());
  visit("FetchRequest", sample_fetch_request());
  visit("FetchReply", sample_fetch_reply());
  visit("MergeRequest", sample_merge_request());
  visit("LeavesRequestWithHorizon", sample_leaves_request_with_horizon());
  visit("LeavesReplyWithHorizon", sample_leaves_reply_with_horizon());
  visit("HorizonRequest", sample_horizon_request());
  visit("HorizonReply", sample_horizon_reply());
}

}  // namespace distkv::wire
