// What other replicas ask while they compare their hash trees with this node's. Each request is
// judged by its layout, as every request of a peer is.
#include <utility>

#include "node/impl.h"

namespace distkv::node {

using base::Result;
using base::Status;

template <typename Request, typename Answer>
void Node::Impl::judge_tree_request(base::ConnectionId from, const wire::FrameView& frame,
                                    Answer answer) {
  const Result<Request> request = wire::decode<Request>(frame);
  if (!request.is_ok()) return refuse(from, frame.request_id, request.status());
  const Status layout = judge_layout(request->layout_version);
  if (!layout.is_ok()) return refuse(from, frame.request_id, layout);
  answer(peers_[from].id, *request, [this, from, id = frame.request_id](const auto& answered) {
    this->reply(from, id, answered);
  });
}

bool Node::Impl::on_tree_request(base::ConnectionId from, const wire::FrameView& frame) {
  repair::AntiEntropy& trees = *parts_.anti_entropy;
  repair::TreeAnswers& answers = trees.answers();
  using wire::MessageType;
  switch (frame.type) {
    case MessageType::kRootsRequest:
      judge_tree_request<wire::RootsRequest>(from, frame,
                                             [&](const auto& peer, const auto& request, auto send) {
                                               send(trees.answer_roots(peer, request));
                                             });
      return true;
    case MessageType::kLeavesRequest:
      judge_tree_request<wire::LeavesRequest>(
          from, frame, [&](const auto& peer, const auto& request, auto send) {
            send(trees.answer_leaves(peer, request));
          });
      return true;
    case MessageType::kKeysRequest:
      judge_tree_request<wire::KeysRequest>(from, frame,
                                            [&](const auto& peer, const auto& request, auto send) {
                                              answers.keys(peer, request, send);
                                            });
      return true;
    case MessageType::kFetchRequest:
      judge_tree_request<wire::FetchRequest>(from, frame,
                                             [&](const auto& peer, const auto& request, auto send) {
                                               answers.fetch(peer, request, send);
                                             });
      return true;
    case MessageType::kMergeRequest:
      judge_tree_request<wire::MergeRequest>(from, frame,
                                             [&](const auto& peer, const auto& request, auto send) {
                                               answers.merge(peer, request, send);
                                             });
      return true;
    case MessageType::kHorizonRequest:
      judge_tree_request<wire::HorizonRequest>(from, frame,
                                               [&](const auto&, const auto& request, auto send) {
                                                 parts_.horizon_answers->answer(request, send);
                                               });
      return true;
    default:
      return false;
  }
}

}  // namespace distkv::node
