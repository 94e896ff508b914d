// How the disk and the table of a run behave. All of it follows from the seed.

import type { StoreBounds } from '../../src/storage/bounds.ts'
import type { World } from './world.ts'

export interface DiskProfile {
  /** So small that segments and epochs end all the time. */
  readonly segmentBytes: number
  readonly bounds: StoreBounds
  /** The longest that the disk, and the table, take for one operation. */
  readonly delayMs: number
  readonly tableMs: number
  /** Of a thousand writes and syncs so many fail. */
  readonly failuresPerMille: number
  /** Of a hundred operations of the table. */
  readonly tableFailuresPercent: number
  /** A table's batch comes to the disk late, not at once. */
  readonly isTableLate: boolean
  /** How often the disk is full or broken for a while. */
  readonly troubles: number
  readonly crashes: number
}

/** Whether anything of it fails: what is refused then is nobody's mistake. */
export function mayFail({
  failuresPerMille,
  tableFailuresPercent,
  troubles,
}: DiskProfile): boolean {
  return failuresPerMille + tableFailuresPercent + troubles > 0
}

export function planDisk(world: World): DiskProfile {
  const chance = world.chance('disk plan')
  const epochBytes = chance.pick([500, 3000, 20_000])
  const isCalm = chance.percent(30)
  return {
    segmentBytes: chance.pick([2048, 8192, 32_768]),
    bounds: {
      epochBytes,
      unappliedBytesMax: epochBytes * chance.pick([2, 4]),
      congestedBytes: epochBytes * chance.pick([3, 6]),
    },
    delayMs: chance.pick([0, 1, 10, 100]),
    tableMs: chance.pick([0.1, 3, 50]),
    failuresPerMille: isCalm ? 0 : chance.pick([0, 0, 3, 30]),
    tableFailuresPercent: isCalm ? 0 : chance.pick([0, 0, 1, 10]),
    isTableLate: chance.percent(50),
    troubles: isCalm ? 0 : chance.between(0, 3),
    crashes: chance.pick([0, 1, 2, 3, 6]),
  }
}
