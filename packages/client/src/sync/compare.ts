// Which files are not here as they are on the server.

import type { FileStats } from "../disk/disk.js";
import { isSameTime } from "../disk/times.js";
import type { DetailsPage } from "../transfer/details.js";

/**
 * Which of the files of a page differ by their size or their time, by their places among those that were looked at here; undefined
 * for all of them.
 *
 * @param places of those in the page; undefined where it is all
 * @param local what is here, in the same order; undefined where nothing is
 * @param byDigest whether those of the same size and time are given as well
 */
export function differingOf(
  { sizes, modified }: Pick<DetailsPage, "sizes" | "modified">,
  places: readonly number[] | undefined,
  local: FileStats | undefined,
  byDigest: boolean,
): readonly number[] | undefined {
  if (!local || byDigest || !sizes || !modified) return undefined;
  const differing: number[] = [];
  for (let i = 0; i < local.sizes.length; i++) {
    const place = places ? (places[i] as number) : i;
    const isSame =
      local.sizes[i] === sizes[place] &&
      isSameTime(modified[place] as number, local.modified[i] as number, local.steps[i] as number);
    if (!isSame) differing.push(i);
  }
  return differing;
}
