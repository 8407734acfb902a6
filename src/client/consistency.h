// The consistency of the library as it is on the wire.
#pragma once

#include "distkv/client.h"
#include "wire/messages.h"

namespace distkv::client {

inline wire::Consistency wire_consistency(Consistency consistency) {
  switch (consistency) {
    case Consistency::kOne:
      return wire::Consistency::kOne;
    case Consistency::kQuorum:
      return wire::Consistency::kQuorum;
    case Consistency::kAll:
      break;
  }
  return wire::Consistency::kAll;
}

}  // namespace distkv::client
