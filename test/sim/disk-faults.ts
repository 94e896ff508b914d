// What breaks on the disk and in the table of a run, and when. All of it follows from the seed.

import type { DiskAct } from '../support/faulty-disk.ts'
import type { DiskProfile } from './disk-profile.ts'
import type { DiskStore } from './disk-store.ts'
import type { World } from './world.ts'

/** What cannot be read at a start is damage, and lost: that is not for here. */
const ACTS: readonly DiskAct[] = ['list', 'open', 'rename', 'remove', 'write', 'sync']

/** Lets things break until `endMs`, then heals everything. */
export function breakDisk(
  world: World,
  store: DiskStore,
  profile: DiskProfile,
  endMs: number,
): void {
  const { disk, table } = store
  const chance = world.chance('disk faults')
  const late = world.chance('late table')
  disk.delayMs = [0, profile.delayMs]
  disk.writeFailuresPerMille = profile.failuresPerMille
  disk.syncFailuresPerMille = profile.failuresPerMille
  let tablePercent = profile.tableFailuresPercent
  table.isLate = () => profile.isTableLate && late.percent(70)
  table.fault = (operation) => {
    if (operation === 'write') store.onTableWrite?.()
    // A start asks for much, and any failure ends it.
    if (!late.percent(world.isAwaited ? Math.min(1, tablePercent) : tablePercent)) return 'none'
    return operation === 'write' && late.percent(50) ? 'error but written' : 'error'
  }
  const heal = (): void => {
    if (world.nowMs > endMs) return
    disk.capacityBytes = Number.POSITIVE_INFINITY
    disk.writeFailuresPerMille = profile.failuresPerMille
    tablePercent = profile.tableFailuresPercent
  }
  for (let left = profile.troubles; left > 0; left--) {
    const atMs = chance.ms(endMs)
    const forMs = chance.ms(chance.pick([200, 2000, 8000]))
    const kind = chance.between(1, 4)
    const spare = chance.between(0, 6000)
    const act = chance.pick(ACTS)
    const count = chance.between(1, 4)
    world.at(atMs, () => {
      world.note(`the disk has trouble ${kind} for ${forMs} ms`)
      if (kind === 1) disk.capacityBytes = disk.usedBytes + spare
      else if (kind === 2) disk.writeFailuresPerMille = 1000
      else if (kind === 3) tablePercent = 100
      else disk.failNext(act, count, chance.pick(['EIO', 'ENOSPC', 'EROFS']))
    })
    world.at(atMs + forMs, heal)
  }
  world.at(endMs, () => {
    heal()
    disk.delayMs = [0, 1]
    disk.writeFailuresPerMille = 0
    disk.syncFailuresPerMille = 0
    for (const act of ACTS) disk.failNext(act, 0)
    tablePercent = 0
    store.onTableWrite = undefined
  })
}
