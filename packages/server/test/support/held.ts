// What this process holds: to be compared before and after.

import { readdirSync, readlinkSync } from "node:fs";

/** Its open files and sockets, by what they are: but for modules, which a thread that starts has open while it reads them. */
export function openFiles(): string[] {
  const targets: string[] = [];
  for (const fd of readdirSync("/dev/fd")) {
    try {
      const target = readlinkSync(`/dev/fd/${fd}`);
      if (!/\.(c?js|json|node)$/.test(target)) targets.push(`${fd} ${target}`);
    } catch {
      // The one that listed the folder.
    }
  }
  return targets.sort();
}

/** What keeps its event loop going: sockets, servers, timers, file system requests. */
export function activeResources(): string[] {
  return process.getActiveResourcesInfo().sort();
}
