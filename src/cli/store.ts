// `rameau store check|stat`: looks into the store of a data directory that no server has open, and
// changes nothing in it. How it is read is the storage's.

import { type CheckReport, checkDirectory, figuresOfDirectory } from '../storage/offline.ts'
import type { StoreFigures } from '../storage/store-figures.ts'
import { Exit } from './start.ts'
import { type StoreFlags, withDirectory } from './store-place.ts'

/** Damages that are printed; the others are only counted. */
const DAMAGES_SHOWN = 20
const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const

/** Resolves with 0 where all is well, 1 where something is damaged, 2 where nothing was checked. */
export function checkStore(flags: StoreFlags): Promise<Exit> {
  return withDirectory(flags, async (place) => {
    let damages = 0
    const report = await checkDirectory(place, (text) => {
      damages += 1
      if (damages <= DAMAGES_SHOWN) console.log(`damage: ${text}`)
    })
    if (damages > DAMAGES_SHOWN) console.log(`and ${damages - DAMAGES_SHOWN} more`)
    for (const line of reportLines(report)) console.log(line)
    const { directory } = place
    console.log(damages === 0 ? `${directory} is fine` : `${directory} is damaged`)
    return damages === 0 ? Exit.fine : Exit.failure
  })
}

/** Prints what the store holds. */
export function showFigures(flags: StoreFlags, asJson: boolean): Promise<Exit> {
  return withDirectory(flags, async (place) => {
    let isWhole = true
    const figures = await figuresOfDirectory(place, (text) => {
      isWhole = false
      console.error(`rameau: damage: ${text}`)
    })
    console.log(asJson ? JSON.stringify(figures, undefined, 2) : figureLines(figures).join('\n'))
    return isWhole ? Exit.fine : Exit.failure
  })
}

function reportLines(report: CheckReport): string[] {
  const { retained, sessions, subscriptions, flights, queued, shared } = report
  const { segments, commitsToReplay, isTorn } = report
  const torn = isTorn ? '; one more was cut off, of which nobody was told' : ''
  return [
    `${counted(sessions, 'session')}, ${counted(subscriptions, 'subscription')}, ` +
      `${counted(retained, 'retained message')}`,
    `${counted(queued, 'message')} in queues, ${shared} stored once for several queues, ` +
      `${flights} in flight`,
    `${counted(segments, 'segment')} of the journal, with ${counted(commitsToReplay, 'commit')} ` +
      `that the table does not have yet${torn}`,
  ]
}

function figureLines(figures: StoreFigures): string[] {
  const { sessions, subscriptions, retained, queued, largestQueues } = figures
  const { journal, diskBytes, lastCommitAtMs } = figures
  const last = lastCommitAtMs === undefined ? 'none' : new Date(lastCommitAtMs).toISOString()
  const { table, quarantine } = diskBytes
  return [
    `sessions       ${sessions}`,
    `subscriptions  ${subscriptions}`,
    `retained       ${counted(retained.topics, 'topic')}, ${sized(retained.bytes)}`,
    `queued         ${counted(queued.messages, 'message')}, ${sized(queued.bytes)}`,
    ...largestQueues.map(({ session, group, messages, bytes }) => {
      return `  ${group ?? session}: ${counted(messages, 'message')}, ${sized(bytes)}`
    }),
    `journal        ${counted(journal.segments, 'segment')}, ${sized(diskBytes.journal)}, ` +
      `${counted(journal.commitsToReplay, 'commit')} to replay`,
    `table          ${sized(table)}`,
    `quarantine     ${sized(quarantine)}`,
    `last commit    ${last}`,
  ]
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function sized(bytes: number): string {
  let size = bytes
  let power = 0
  while (size >= 1024 && power < UNITS.length - 1) {
    size /= 1024
    power += 1
  }
  return `${power === 0 ? size : size.toFixed(1)} ${UNITS[power]}`
}
