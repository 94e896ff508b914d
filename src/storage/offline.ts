// What can be done with a data directory that no server has open: checking it, telling what it
// holds, writing it out and taking it in. The one door to the storage beside the server's; it
// prints nothing.

import { exportText } from './export-lines.ts'
import { openImport } from './import-directory.ts'
import { linesOf } from './import-lines.ts'
import { ImportTable } from './import-table.ts'
import { openReading, type ReadingOptions, type StoreReading } from './reading.ts'
import { type Checked, checkStore, damageText, entryName } from './store-check.ts'
import { figuresOf, type StoreFigures } from './store-figures.ts'

/** Entries that cannot be read, found before the store is open; the others are only counted. */
const EARLY_MAX = 100

/** Hears of what is damaged, each in one line. */
export type OnDamage = (text: string) => void

export interface CheckReport extends Checked {
  readonly segments: number
  /** Commits that the table does not have yet. */
  readonly commitsToReplay: number
  /** Whether a commit was cut off, which nobody was told of: no damage. */
  readonly isTorn: boolean
}

/** Reads everything. Fails, as all of these do, with a StoreOpenError where it cannot be opened. */
export function checkDirectory(place: ReadingOptions, onDamage: OnDamage): Promise<CheckReport> {
  return withReading(place, onDamage, async (reading, onUnreadable) => {
    const checked = await checkStore(reading, onDamage, onUnreadable)
    const { segments, replayedFrames: commitsToReplay, isTorn } = reading.journal
    return { ...checked, segments: segments.length, commitsToReplay, isTorn }
  })
}

export function figuresOfDirectory(
  place: ReadingOptions,
  onDamage: OnDamage,
): Promise<StoreFigures> {
  return withReading(place, onDamage, figuresOf)
}

/** What cannot be read is told, and missing in what is written. */
export function exportDirectory(
  place: ReadingOptions,
  onDamage: OnDamage,
  write: (text: string) => Promise<void>,
): Promise<void> {
  return withReading(place, onDamage, async (reading) => {
    for (const damage of reading.journal.damages) onDamage(damageText(damage))
    for await (const text of exportText(reading)) await write(text)
  })
}

/**
 * Takes an export in, into an empty directory or one that is made. `onWrong` hears of lines that
 * are wrong and says whether it wants to hear of more; with one or more of them the directory stays
 * as it was. Resolves with the number of lines, or undefined where nothing was taken in.
 */
export async function importDirectory(
  { directory, scheduler }: ReadingOptions,
  input: AsyncIterable<Uint8Array>,
  onWrong: (line: number, what: string) => boolean,
): Promise<number | undefined> {
  const place = await openImport(directory, scheduler)
  try {
    let isWrong = false
    let wantsMore = true
    const table = new ImportTable(place.kv, (line, what) => {
      isWrong = true
      wantsMore = onWrong(line, what)
    })
    await takeAll(table, input, () => wantsMore)
    if (isWrong) await place.discard()
    else await place.finish()
    return isWrong ? undefined : table.line
  } catch (error) {
    await place.discard()
    throw error
  }
}

async function takeAll(
  table: ImportTable,
  input: AsyncIterable<Uint8Array>,
  wantsMore: () => boolean,
): Promise<void> {
  for await (const line of linesOf(input)) {
    await table.take(line)
    // Without a first line that is right nothing is known of the others.
    if (!table.isBegun || !wantsMore()) return
  }
  await table.finish()
}

/** Opens the store for `use`, which changes nothing in it. */
async function withReading<T>(
  place: ReadingOptions,
  onDamage: OnDamage,
  use: (
    reading: StoreReading,
    onUnreadable: (key: Uint8Array, reason: string) => void,
  ) => Promise<T>,
): Promise<T> {
  let opened: StoreReading | undefined
  const early: { readonly key: Uint8Array; readonly reason: string }[] = []
  let more = 0
  // Names are known when it is open.
  const onUnreadable = (key: Uint8Array, reason: string): void => {
    if (opened !== undefined) onDamage(`${entryName(key, opened.registry)}: ${reason}`)
    else if (early.length < EARLY_MAX) early.push({ key, reason })
    else more += 1
  }
  const reading = await openReading(place, onUnreadable)
  try {
    opened = reading
    for (const { key, reason } of early) onUnreadable(key, reason)
    if (more > 0) onDamage(`${more} entries more`)
    return await use(reading, onUnreadable)
  } finally {
    await reading.close()
  }
}
