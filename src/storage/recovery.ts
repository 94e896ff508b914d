// Reads what an earlier run left of the journal: which frames count and in which order, what is a
// torn end and what is damage, and replays them. It changes nothing on the disk. The rules:
// positions tell what is missing, so that bytes which are no frame matter only where one lacks; a
// frame that is missing was lost if any later one knows that it was durable; of two frames with one
// position the later attempt counts.

import { asked, type Disk, DiskError, type DiskFile, type FileEntry } from './disk.ts'
import { FRAME_HEAD_BYTES, type JournalFrame } from './frame.ts'
import { parseSegmentName, SegmentReader, segmentName } from './segment.ts'

/**
 * Frames that are known to have been durable and cannot be read any more. It is found again at each
 * opening until the file that it was found in went to the quarantine.
 */
export interface Damage {
  /** The file that is damaged; undefined where it is gone. */
  readonly path: string | undefined
  readonly fromByte: number
  readonly toByte: number
  /** Positions, both included. */
  readonly firstLost: number
  /** Undefined where the end of the journal cannot be read: then nobody can say. */
  readonly lastLost: number | undefined
}

/** A file of the journal, as it was found. */
export interface FoundSegment {
  readonly id: number
  readonly path: string
  readonly bytes: number
  /** The last position in it that counts; 0 where none does. */
  readonly last: number
  readonly frameBytes: number
  readonly isDamaged: boolean
}

export interface Recovered {
  /** Of the last frame that counts, and at least `after`. */
  readonly position: number
  /** Of the last frame that counts; 0 where there is none. */
  readonly era: number
  /** Above every era and id in use. */
  readonly nextEra: number
  readonly nextId: number
  /** In the order of writing; those without a frame that counts first. */
  readonly segments: readonly FoundSegment[]
  readonly replayedFrames: number
  readonly replayedBytes: number
  readonly damages: readonly Damage[]
  readonly isTorn: boolean
  readonly unsyncedFrames: number
  /** Where they stand. They must be erased: their positions are given anew. */
  readonly unsynced: readonly {
    readonly path: string
    readonly at: number
    readonly endAt: number
  }[]
}

/** Frames of consecutive positions. */
interface Run {
  readonly first: number
  /** Where the frame before its first one was written. */
  readonly previousEra: number
  last: number
  readonly at: number
  endAt: number
}

/** What one reading of a segment showed. */
interface Survey {
  readonly id: number
  readonly path: string
  readonly bytes: number
  readonly runs: readonly Run[]
  readonly era: number
  /** The highest position that a frame of it knew to be durable. */
  readonly durable: number
  readonly frameBytes: number
  /** Whether a whole head without its payload follows the last frame. */
  readonly isTorn: boolean
  readonly unreadableBytes: number
}

/** A run as far as it counts. */
interface Part {
  readonly survey: Survey
  readonly first: number
  readonly previousEra: number
  readonly last: number
  readonly at: number
  /** Of the run, whether all of it counts or not. */
  readonly endAt: number
}

interface Plan {
  readonly parts: readonly Part[]
  readonly damages: readonly Damage[]
  readonly damaged: ReadonlySet<Survey>
  readonly unsynced: readonly Part[]
}

/** Surveys the segments of `folder` and replays the frames beyond `after`. */
export async function recoverFrames(
  disk: Disk,
  folder: string,
  after: number,
  replay: (frame: JournalFrame) => void | Promise<void>,
): Promise<Recovered> {
  const surveys: Survey[] = []
  for (const { name, bytes } of await asked<readonly FileEntry[]>((done) =>
    disk.list(folder, done),
  )) {
    const id = parseSegmentName(name)
    if (id === undefined) continue
    surveys.push(await surveyOf(disk, `${folder}/${segmentName(id)}`, id, bytes))
  }
  surveys.sort((one, other) => one.era - other.era || one.id - other.id)
  const plan = planOf(surveys, after)
  let replayedFrames = 0
  let replayedBytes = 0
  for (const survey of surveys) {
    const parts = plan.parts.filter((part) => part.survey === survey && part.last > after)
    if (parts.length === 0) continue
    await replaySegment(disk, survey, parts, after, (frame) => {
      replayedFrames++
      replayedBytes += frame.payload.length
      return replay(frame)
    })
  }
  const lastPart = plan.parts.at(-1)
  return {
    position: Math.max(after, lastPart?.last ?? 0),
    era: lastPart?.survey.era ?? 0,
    nextEra: 1 + Math.max(0, ...surveys.map(({ era }) => era)),
    nextId: 1 + Math.max(0, ...surveys.map(({ id }) => id)),
    segments: surveys.map((survey) => ({
      ...{ id: survey.id, path: survey.path, bytes: survey.bytes },
      last: plan.parts.findLast((part) => part.survey === survey)?.last ?? 0,
      frameBytes: survey.frameBytes,
      isDamaged: plan.damaged.has(survey),
    })),
    ...{ replayedFrames, replayedBytes, damages: plan.damages },
    isTorn: surveys.some(
      (survey) => survey.isTorn && (survey.runs.length === 0 || survey === surveys.at(-1)),
    ),
    unsyncedFrames: plan.unsynced.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    unsynced: plan.unsynced.map(({ survey, at, endAt }) => ({ path: survey.path, at, endAt })),
  }
}

async function surveyOf(disk: Disk, path: string, id: number, bytes: number): Promise<Survey> {
  const runs: Run[] = []
  let era = 0
  let durable = 0
  let frameBytes = 0
  let isTorn = false
  const unreadableBytes = await readSegment(disk, { path, id, bytes }, async (reader) => {
    for (let found = await reader.next(); found !== undefined; found = await reader.next()) {
      for (const one of found) {
        const run = runs.at(-1)
        if ('endAt' in one) {
          isTorn = one.hasHead && one.at === (run?.endAt ?? 0)
          continue
        }
        const { position } = one.head
        const endAt = one.at + FRAME_HEAD_BYTES + one.head.payloadBytes
        isTorn = false
        era = one.head.era
        durable = Math.max(durable, position - one.head.behind)
        frameBytes += endAt - one.at
        if (run !== undefined && run.last + 1 === position && run.endAt === one.at) {
          run.last = position
          run.endAt = endAt
        } else if (run === undefined || position > run.last) {
          const { previousEra } = one.head
          runs.push({ first: position, previousEra, last: position, at: one.at, endAt })
        }
      }
    }
    return reader.unreadableBytes
  })
  return { id, path, bytes, runs, era, durable, frameBytes, isTorn, unreadableBytes }
}

/** Which frames count, and what is missing between them. */
function planOf(surveys: readonly Survey[], after: number): Plan {
  const durable = Math.max(0, ...surveys.map((survey) => survey.durable))
  const parts: Part[] = []
  const damages: Damage[] = []
  const damaged = new Set<Survey>()
  const unsynced: Part[] = []
  let last = after
  for (const part of partsOf(surveys)) {
    if (unsynced.length > 0) {
      unsynced.push(part)
      continue
    }
    const hasOutdated = last > after && isOutdated(parts.at(-1), part)
    if (hasOutdated || part.first > last + 1) {
      const known = hasOutdated ? last - 1 : last
      if (durable <= known) {
        // Nothing from here on was ever known to be durable, and a later frame without the earlier
        // ones would be a state that never was. An earlier attempt is as good an end as any.
        unsynced.push(part)
        continue
      }
      if (hasOutdated) shorten(parts)
      last = known
      const previous = parts.at(-1)
      damages.push(damageBetween(previous, part, last))
      for (const survey of [previous?.survey, part.at > 0 ? part.survey : undefined]) {
        if (survey !== undefined) damaged.add(survey)
      }
    }
    last = Math.max(last, part.last)
    parts.push(part)
  }
  // What is lost may have stood in a file that shows no frame at all.
  if (damages.length > 0) {
    for (const survey of surveys) if (survey.runs.length === 0) damaged.add(survey)
  }
  for (const survey of surveys) {
    if (survey.unreadableBytes === 0) continue
    damaged.add(survey)
    if (survey !== surveys.at(-1) && survey.runs.length > 0) continue
    // What cannot be read at the end may be frames or nothing.
    const fromByte = survey.runs.at(-1)?.endAt ?? 0
    const { path, bytes: toByte } = survey
    damages.push({ path, fromByte, toByte, firstLost: last + 1, lastLost: undefined })
  }
  return { parts, damages, damaged, unsynced }
}

/**
 * Whether the frame before `next`, at the end of `previous`, is not the one that `next` followed,
 * but an earlier attempt at it, which may hold less.
 */
function isOutdated(previous: Part | undefined, next: Part): boolean {
  if (previous === undefined || previous.last + 1 !== next.first) return false
  // Within one segment frames stand side by side, but for an attempt in place that was shorter.
  return previous.survey === next.survey || previous.survey.era !== next.previousEra
}

/** Takes the last frame away. */
function shorten(parts: Part[]): void {
  const previous = parts.pop()
  if (previous === undefined || previous.last === previous.first) return
  parts.push({ ...previous, last: previous.last - 1 })
}

/** The runs in the order of writing, without what a later segment begins anew. */
function partsOf(surveys: readonly Survey[]): readonly Part[] {
  const parts: Part[] = []
  let limit = Number.POSITIVE_INFINITY
  for (const survey of surveys.toReversed()) {
    for (const run of survey.runs.toReversed()) {
      const last = Math.min(run.last, limit - 1)
      if (last < run.first) continue
      parts.push({ ...run, last, survey })
    }
    limit = Math.min(limit, survey.runs[0]?.first ?? limit)
  }
  return parts.reverse()
}

/** The frames between `previous` and `next`: within one file, or at an end of one of two. */
function damageBetween(previous: Part | undefined, next: Part, last: number): Damage {
  const lost = { firstLost: last + 1, lastLost: next.first - 1 }
  if (previous?.survey === next.survey) {
    return { path: next.survey.path, fromByte: previous.endAt, toByte: next.at, ...lost }
  }
  if (next.at > 0) return { path: next.survey.path, fromByte: 0, toByte: next.at, ...lost }
  if (previous === undefined) return { path: undefined, fromByte: 0, toByte: 0, ...lost }
  const { path, bytes: toByte } = previous.survey
  return { path, fromByte: previous.endAt, toByte, ...lost }
}

async function replaySegment(
  disk: Disk,
  survey: Survey,
  parts: readonly Part[],
  after: number,
  replay: (frame: JournalFrame) => void | Promise<void>,
): Promise<void> {
  let index = 0
  let last = after
  await readSegment(disk, survey, async (reader) => {
    for (let found = await reader.next(); found !== undefined; found = await reader.next()) {
      for (const one of found) {
        if ('endAt' in one) continue
        const { position, wallMs } = one.head
        while (position > (parts[index]?.last ?? Number.POSITIVE_INFINITY)) index++
        const part = parts[index]
        if (part === undefined || one.at < part.at || position <= last) continue
        last = position
        // Most replays are synchronous, and awaiting costs as much as replaying.
        const done = replay({ position, wallMs, payload: one.payload })
        if (done !== undefined) await done
      }
    }
  })
  if (last !== parts.at(-1)?.last) {
    throw new DiskError(`${survey.path} reads differently the second time`, 'EIO')
  }
}

async function readSegment<T>(
  disk: Disk,
  { path, id, bytes }: { readonly path: string; readonly id: number; readonly bytes: number },
  read: (reader: SegmentReader) => Promise<T>,
): Promise<T> {
  const file = await asked<DiskFile>((done) => disk.open(path, 'read', done))
  try {
    return await read(new SegmentReader(file, id, bytes))
  } finally {
    await asked<void>((done) => file.close((error) => done(error, undefined)))
  }
}
