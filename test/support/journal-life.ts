// One life of a journal on a simulated disk: opened, written, closed or cut off. Time passes only
// while something is waited for.

import type { Disk, DiskError } from '../../src/storage/disk.ts'
import { FRAME_HEAD_BYTES } from '../../src/storage/frame.ts'
import {
  type Journal,
  type JournalOptions,
  type JournalReport,
  openJournal,
} from '../../src/storage/journal.ts'
import type { VirtualClock } from './virtual-clock.ts'

export const SEGMENT_BYTES = 8192

export interface Replayed {
  readonly position: number
  readonly payload: string
}

export interface JournalLife {
  readonly journal: Journal
  readonly report: JournalReport
  readonly replayed: readonly Replayed[]
}

/** Lets time pass until the promise is settled, or `isOver` says that it never will be. */
export async function settled<T>(
  clock: VirtualClock,
  promise: Promise<T>,
  isOver: () => boolean = () => false,
): Promise<T | undefined> {
  let isSettled = false
  const end = (): void => {
    isSettled = true
  }
  promise.then(end, end)
  for (let turns = 0; turns < 200_000; turns++) {
    await new Promise((resolve) => setImmediate(resolve))
    if (isSettled) return promise
    if (isOver()) return undefined
    clock.advance(1)
  }
  throw new Error('nothing comes of it')
}

export async function openLife(
  clock: VirtualClock,
  disk: Disk,
  options: Partial<JournalOptions> = {},
  isOver?: () => boolean,
): Promise<JournalLife | undefined> {
  const replayed: Replayed[] = []
  const opening = openJournal({
    ...{ disk, clock, folder: 'journal', quarantine: 'quarantine' },
    ...{ segmentBytes: SEGMENT_BYTES, after: 0 },
    replay: ({ position, payload }) => {
      replayed.push({ position, payload: Buffer.from(payload).toString('latin1') })
    },
    ...options,
  })
  const opened = await settled(clock, opening, isOver)
  return opened === undefined ? undefined : { ...opened, replayed }
}

/** The chunks of a frame with that payload. */
export function frameOf(payload: string): readonly Uint8Array[] {
  const bytes = new Uint8Array(FRAME_HEAD_BYTES + payload.length)
  bytes.set(Buffer.from(payload, 'latin1'), FRAME_HEAD_BYTES)
  return [bytes]
}

/** Writes one frame; resolves with its error, if any. */
export function write(journal: Journal, payload: string): Promise<DiskError | undefined> {
  return new Promise((resolve) => journal.write(frameOf(payload), resolve))
}
