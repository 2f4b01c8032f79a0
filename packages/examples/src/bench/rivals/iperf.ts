// iperf3 with one stream: the same number of bytes from no file to no file, as the limit of what TCP does here.

import type { Contender } from "../contender.js";
import { runClient, startDaemon } from "../processes.js";
import { toolPath } from "../tools.js";

/** The server sends, as when files are downloaded. */
export const limitByIperf: Contender = {
  name: "iperf3, no files",
  needs: ["iperf3"],
  async measure({ workload, signal }) {
    const iperf3 = toolPath("iperf3");
    // It serves one client at a time: one that only looks whether it listens would be in the way.
    await using server = await startDaemon(
      (port) => [iperf3, "--server", "--forceflush", "--bind", "127.0.0.1", "--port", String(port)],
      signal,
      /Server listening/,
    );
    const where = ["--client", "127.0.0.1", "--port", String(server.port)];
    const args = [...where, "--reverse", "--bytes", String(workload.bytes), "--json"];
    const { seconds, stdout } = await runClient(iperf3, args, signal);
    const { end } = JSON.parse(stdout) as { end: { sum_received: { bytes: number } } };
    return { seconds, bytes: end.sum_received.bytes };
  },
};
