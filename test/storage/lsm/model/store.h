// An engine and the ground it stands on, so that one program can drive them all: who lets time pass
// for it, how it is closed and opened again, how a copy of it is looked at.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "storage/engine.h"

namespace distkv::storage::lsm::test {

class Store {
 public:
  virtual ~Store() = default;
  // Another one after reopen().
  virtual Engine& engine() = 0;
  // A little of what is under way happens, or nothing.
  virtual void step() {}
  // Everything to tables and all merges that are due. Nothing else is under way.
  virtual void merge() {}
  // Ends the store and opens it again, in one of the ways there are. Nothing is under way, nothing
  // unsynced. An empty text, or what went wrong.
  virtual std::string reopen(uint64_t chance) = 0;
  // Makes a copy, opens it as a store of its own and shows it. Nothing is under way. An empty text,
  // or what went wrong.
  virtual std::string with_checkpoint(const std::function<void(Engine&)>& look) = 0;
};

std::unique_ptr<Store> make_map_store();
std::unique_ptr<Store> make_leveldb_store();
// Options, disk and threads are as the seed says.
std::unique_ptr<Store> make_lsm_store(uint64_t seed);

}  // namespace distkv::storage::lsm::test
