"""More than a server can hold: it refuses in time, says so, and is well again when it is over."""

import json
import socket
import struct
import unittest
from typing import List

from driver import Node, ServerTest, wait_until

MIB = 1 << 20
FRAME_BYTES = 8 * MIB
ERROR, PUT_REQUEST, CLIENT_REQUEST_ID = 1, 2, 7
# What large ones may hold: half. And some more that is not theirs.
REQUEST_BYTES_MAX = 128 * MIB
SLACK = 96 * MIB


def resident_bytes(node: Node) -> int:
    with open(f"/proc/{node.pid()}/status") as lines:
        for line in lines:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def unfinished_put(address: str) -> socket.socket:
    """A connection on which all but the last byte of a large put was sent."""
    host, port = address.rsplit(":", 1)
    stream = socket.create_connection((host, int(port)), timeout=30)
    header = struct.pack("<IBBHQQ", FRAME_BYTES - 4, 1, PUT_REQUEST, 0, CLIENT_REQUEST_ID, 0)
    stream.sendall(header + bytes(FRAME_BYTES - len(header) - 1))
    return stream


def is_refused(stream: socket.socket) -> bool:
    """An error frame has come, of the request whose body was still on its way."""
    stream.setblocking(False)
    try:
        answer = stream.recv(4096)
    except BlockingIOError:
        return False
    kind, request_id = answer[5], struct.unpack("<Q", answer[8:16])[0]
    return kind == ERROR and request_id == CLIENT_REQUEST_ID


class OverloadTest(ServerTest):
    def test_unfinished_requests_take_no_more_memory_than_they_may(self):
        cluster = self.start(1)
        node = cluster.nodes[0]
        self.put(cluster, "before", "value")
        before = resident_bytes(node)
        streams: List[socket.socket] = []
        try:
            for _ in range(48):
                streams.append(unfinished_put(node.address))
            wait_until(lambda: self.status(cluster)["requests_refused"] > 0,
                       "some are refused", 30)
            refused = sum(is_refused(stream) for stream in streams)
            self.assertEqual(len(streams) - refused, REQUEST_BYTES_MAX // FRAME_BYTES)
            self.assertLess(resident_bytes(node), before + REQUEST_BYTES_MAX + SLACK)
            self.assertEqual(self.status(cluster)["request_bytes_max"], 256 * MIB)

            self.put(cluster, "during", "small ones are served")
            answer = cluster.client("--timeout", "1s", "--output", "json", "put", "large", "-",
                                    stdin=bytes(MIB))
            self.assertEqual(answer.exit_code, 1, str(answer))
            told = json.loads(answer.stdout)
            self.assertEqual(told["outcome"], "rejected")
            self.assertGreaterEqual(told["retry_after_ms"], 50)
            self.assertRegex(answer.stderr, r"overloaded.*try again in \d+ ms")
        finally:
            for stream in streams:
                stream.close()
        wait_until(lambda: self.status(cluster)["request_bytes"] < MIB, "all is given back", 30)
        self.put(cluster, "after", "value")
        self.assertIn("Refused for overload: ", cluster.client("status").stdout)

    @staticmethod
    def status(cluster) -> dict:
        return json.loads(cluster.client("--output", "json", "status").stdout)


if __name__ == "__main__":
    unittest.main()
