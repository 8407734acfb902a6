// What the network, the disk and the clock know of a computer in the simulation: it is up or not,
// and it takes events, perhaps late (a paused program's events wait in its kernel).
#pragma once

#include <functional>
#include <string_view>

#include "sim/trace.h"
#include "wire/network.h"

namespace distkv::sim {

// Runs on the machine's program; the views live for the call.
using MachineEvent = std::function<void(wire::NetworkEvents& program, std::string_view bytes)>;

class Machine {
 public:
  virtual ~Machine() = default;
  // Something listens: the program runs, even if it is paused.
  virtual bool is_up() const = 0;
  // Hands `event` to the program now, or when it wakes, or never if it goes down before.
  virtual void handle(EventKind kind, std::string_view bytes, const MachineEvent& event) = 0;
};

}  // namespace distkv::sim
