// The bytes of a stored hint, as FORMAT.md in this folder draws them: its key, and the header that
// stands before the record it keeps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/types.h"
#include "replica/local_replica.h"

namespace distkv::replica {

// When a hint store took a write. A sequence is greater than those of all hints kept before it,
// over restarts too; the time is the store's (see HintStore::now).
struct HintStamp {
  uint64_t sequence = 0;
  base::WallTime at{};
  friend bool operator==(const HintStamp&, const HintStamp&) = default;
};

struct HintHeader {
  base::LayoutVersion layout;  // The newest under which a write in it was made for the target.
  HintStamp oldest;            // Of the oldest write in it that its target has not acknowledged.
  friend bool operator==(const HintHeader&, const HintHeader&) = default;
};

struct HintPlace {
  base::NodeId target;
  std::string key;
};

// What `meta` of an entry says; a view into it.
struct HintMeta {
  HintHeader header;
  uint64_t values_bytes = 0;  // Size of the entry's value, which holds RecordView::values.
  std::string_view record_meta;
};

std::string encode_hint_key(const base::NodeId& target, std::string_view key);
std::string encode_hint_meta(const HintHeader& header, const RecordView& record);
// kCorrupt for what no encoder of this version made. The record itself is not judged.
base::Result<HintPlace> decode_hint_key(std::string_view stored);
base::Result<HintMeta> decode_hint_meta(std::string_view meta);

}  // namespace distkv::replica
