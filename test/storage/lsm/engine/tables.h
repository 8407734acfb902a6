// Runs of small tables on a simulated disk, made by hand, and the state that names them.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "storage/io/sim_file_system.h"
#include "storage/lsm/jobs.h"
#include "storage/lsm/manifest/manifest.h"

namespace distkv::storage::lsm::test {

struct Written {
  uint64_t token = 0;
  std::string key;
  std::string value;
  bool is_erased = false;
};

inline Row row_of(const Written& written) {
  return {{base::Token{written.token}, written.key}, {}, written.value, written.is_erased};
}

inline std::string text_of(Rows& rows) {
  std::string text;
  for (; !rows.is_at_end(); rows.next()) {
    text += std::to_string(rows.row().place.token.value()) + "/" +
            std::string(rows.row().place.key) +
            (rows.row().is_erased ? " erased, " : "=" + std::string(rows.row().value) + ", ");
  }
  return text + (rows.status().is_ok() ? "end" : std::string(name_of(rows.status().code())));
}

struct Tables {
  Tables() {
    REQUIRE(disk.make_directory("/store").is_ok());
    factory = {&disk, "/store", StoreId{base::Id128{1, 2}}, {}, 1 << 20};
  }

  // On top of the runs there are, or at the bottom if it is the base. One table for each list.
  RunState& add_run(const std::vector<std::vector<Written>>& tables, bool is_base = false) {
    RunState run;
    run.id = state.next_run;
    run.is_base = is_base;
    state.next_run = RunId{run.id.value() + 1};
    for (const auto& rows : tables) {
      TableOutput output(factory, Space::kData, state.next_file);
      for (const Written& written : rows) REQUIRE(output.add(row_of(written)).is_ok());
      REQUIRE(output.finish().is_ok());
      state.next_file = output.next_id();
      const MadeTable& made = output.tables().front();
      run.tables.push_back(made.summary);
      slots[made.summary.file] =
          std::make_shared<const TableSlot>(TableSlot{made.summary, made.table, {}});
    }
    auto& runs = state.spaces[index_of(Space::kData)];
    return *runs.insert(is_base ? runs.end() : runs.begin(), run);
  }
  std::shared_ptr<const Version> version() const {
    return std::make_shared<const Version>(state, slots);
  }
  JobIds ids() const { return {state.next_file, state.next_run}; }
  // All that tables hold, one after another.
  std::string text_of_tables(const std::vector<MadeTable>& made) const {
    std::string text;
    for (const MadeTable& one : made) {
      text += text_of(*one.table->rows({one.summary.first, {}}, false, Part::kAll)) + " ";
    }
    return text;
  }
  size_t files() const { return disk.paths().size(); }

  io::test::SimFileSystem disk{1};
  TableFactory factory;
  StoreState state;
  TableSlots slots;
};

}  // namespace distkv::storage::lsm::test
