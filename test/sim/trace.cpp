#include "sim/trace.h"

#include <cinttypes>
#include <string>
#include <utility>

#include "base/codec.h"
#include "base/hash.h"
#include "wire/frame.h"

namespace distkv::sim {

namespace {
constexpr std::pair<wire::MessageType, std::string_view> kTypeNames[] = {
    {wire::MessageType::kError, "Error"},
    {wire::MessageType::kPutRequest, "PutRequest"},
    {wire::MessageType::kPutReply, "PutReply"},
    {wire::MessageType::kGetRequest, "GetRequest"},
    {wire::MessageType::kGetReply, "GetReply"},
    {wire::MessageType::kStatusRequest, "StatusRequest"},
    {wire::MessageType::kStatusReply, "StatusReply"},
    {wire::MessageType::kExplainRequest, "ExplainRequest"},
    {wire::MessageType::kExplainReply, "ExplainReply"},
    {wire::MessageType::kCheckpointRequest, "CheckpointRequest"},
    {wire::MessageType::kCheckpointReply, "CheckpointReply"},
    {wire::MessageType::kHintsRequest, "HintsRequest"},
    {wire::MessageType::kHintsReply, "HintsReply"},
    {wire::MessageType::kGreeting, "Greeting"},
    {wire::MessageType::kApplyRequest, "ApplyRequest"},
    {wire::MessageType::kApplyReply, "ApplyReply"},
    {wire::MessageType::kReadRequest, "ReadRequest"},
    {wire::MessageType::kReadReply, "ReadReply"},
    {wire::MessageType::kJoinRequest, "JoinRequest"},
    {wire::MessageType::kJoinReply, "JoinReply"},
    {wire::MessageType::kLayoutRequest, "LayoutRequest"},
    {wire::MessageType::kLayoutReply, "LayoutReply"},
    {wire::MessageType::kMembersRequest, "MembersRequest"},
    {wire::MessageType::kMembersReply, "MembersReply"},
    {wire::MessageType::kTransferDone, "TransferDone"},
    {wire::MessageType::kPullRequest, "PullRequest"},
    {wire::MessageType::kPullReply, "PullReply"},
    {wire::MessageType::kHorizonRequest, "HorizonRequest"},
    {wire::MessageType::kHorizonReply, "HorizonReply"},
    {wire::MessageType::kRootsRequest, "RootsRequest"},
    {wire::MessageType::kRootsReply, "RootsReply"},
    {wire::MessageType::kLeavesRequest, "LeavesRequest"},
    {wire::MessageType::kLeavesReply, "LeavesReply"},
    {wire::MessageType::kKeysRequest, "KeysRequest"},
    {wire::MessageType::kKeysReply, "KeysReply"},
    {wire::MessageType::kFetchRequest, "FetchRequest"},
    {wire::MessageType::kFetchReply, "FetchReply"},
    {wire::MessageType::kMergeRequest, "MergeRequest"},
    {wire::MessageType::kGossip, "Gossip"},
};

std::string_view name_of_type(uint8_t type) {
  for (const auto& [known, name] : kTypeNames) {
    if (static_cast<uint8_t>(known) == type) return name;
  }
  return "part";
}
}  // namespace

std::string_view name_of(EventKind kind) {
  switch (kind) {
    case EventKind::kDatagram:
      return "datagram";
    case EventKind::kBytes:
      return "bytes";
    case EventKind::kAccepted:
      return "accepted";
    case EventKind::kOpened:
      return "opened";
    case EventKind::kPeerLost:
      return "peer_lost";
    case EventKind::kConnectionClosed:
      return "connection_closed";
    case EventKind::kWake:
      return "wake";
    case EventKind::kDisk:
      return "disk";
    case EventKind::kStart:
      return "start";
    case EventKind::kCrash:
      return "crash";
    case EventKind::kPause:
      return "pause";
    case EventKind::kResume:
      return "resume";
    case EventKind::kFault:
      return "fault";
    case EventKind::kInvoke:
      return "invoke";
    case EventKind::kReturn:
      return "return";
    case EventKind::kLog:
      return "log";
    case EventKind::kRecord:
      return "record";
    case EventKind::kStop:
      return "stop";
    case EventKind::kOperation:
      return "operation";
  }
  return "unrecognised";
}

std::string describe_frame(std::string_view bytes) {
  if (bytes.size() < wire::kFrameHeaderBytes) return "";
  base::Reader reader(bytes);
  const uint32_t length = reader.u32();
  const uint8_t version = reader.u8();
  const uint8_t type = reader.u8();
  if (version != wire::kProtocolVersion || reader.u16() != 0) return "";
  std::string text(name_of_type(type));
  return text.append("#")
      .append(std::to_string(reader.u64()))
      .append(" ")
      .append(std::to_string(length + 4));
}

void Trace::print_prefix(MachineIndex machine, EventKind kind) {
  const int64_t nanoseconds = scheduler_.elapsed().count();
  std::fprintf(out_, "%5" PRId64 ".%09" PRId64 " m%-2u %-17s ", nanoseconds / 1000000000,
               nanoseconds % 1000000000, machine.value, std::string(name_of(kind)).c_str());
}

void Trace::record(MachineIndex machine, EventKind kind, std::string_view bytes) {
  std::string link;
  base::Writer writer(link);
  writer.id128(hash_);
  writer.u64(static_cast<uint64_t>(scheduler_.elapsed().count()));
  writer.u32(machine.value);
  writer.u8(static_cast<uint8_t>(kind));
  writer.u64(base::hash64(bytes));
  hash_ = base::hash128(link);
  if (out_ == nullptr) return;
  print_prefix(machine, kind);
  std::fprintf(out_, "%s [%zu bytes, trace %s]\n", describe_frame(bytes).c_str(), bytes.size(),
               hash_.to_hex().substr(0, 8).c_str());
}

void Trace::note(MachineIndex machine, EventKind kind, std::string_view text) {
  if (out_ == nullptr) return;
  print_prefix(machine, kind);
  std::fprintf(out_, "%.*s\n", static_cast<int>(text.size()), text.data());
}

}  // namespace distkv::sim
