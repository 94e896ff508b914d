// `npm run bench -- journal [--quick]`: what a durable append costs, on the disk of the folder for
// temporary files or of TMPDIR. Prints Markdown. Groups are what a turn commits together; the CPU
// is that of the whole process, the disk's threads included.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/base/clock.ts'
import { FRAME_HEAD_BYTES } from '../src/storage/frame.ts'
import { type Journal, openJournal } from '../src/storage/journal.ts'
import { createNodeDisk } from '../src/storage/node-disk.ts'

const APPEND_BYTES = 128
const GROUPS = [1, 10, 100, 1000]

interface Shape {
  readonly name: string
  readonly durability: 'commit' | 'relaxed'
  /** A frame as one buffer, or the head and each append by reference. */
  readonly isOneBuffer: boolean
  readonly writesThrough?: boolean
}

const SHAPES: readonly Shape[] = [
  { name: 'commit, one buffer', durability: 'commit', isOneBuffer: true },
  { name: 'commit, by reference', durability: 'commit', isOneBuffer: false },
  { name: 'commit, fdatasync', durability: 'commit', isOneBuffer: true, writesThrough: false },
  { name: 'relaxed, one buffer', durability: 'relaxed', isOneBuffer: true },
]

export async function measure(args: readonly string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean', default: false } },
  })
  const seconds = flags.quick ? 0.5 : 3
  console.log('| journal | group | CPU µs/append | appends/s | ms/commit | wear bytes/append |')
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
  for (const shape of SHAPES) {
    for (const group of GROUPS) console.log(await rowOf(shape, group, seconds))
  }
}

async function rowOf(shape: Shape, group: number, seconds: number): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'rameau-bench-'))
  try {
    const { writesThrough = true, durability } = shape
    const { journal } = await openJournal({
      ...{ disk: createNodeDisk(root, { writesThrough }), clock: systemClock, durability },
      ...{ folder: 'journal', quarantine: 'quarantine', after: 0, replay: () => {} },
    })
    await run(journal, shape, group, 0.3)
    const wearBefore = journal.wear.pageBytes
    const began = { cpu: process.cpuUsage(), ms: performance.now() }
    const commits = await run(journal, shape, group, seconds)
    const cpu = process.cpuUsage(began.cpu)
    const tookMs = performance.now() - began.ms
    const wear = journal.wear.pageBytes - wearBefore
    await journal.close()
    const appends = commits * group
    const cells = [
      ((cpu.user + cpu.system) / appends).toFixed(2),
      Math.round((appends / tookMs) * 1000).toLocaleString('en'),
      (tookMs / commits).toFixed(3),
      Math.round(wear / appends),
    ]
    return `| ${shape.name} | ${group} | ${cells.join(' | ')} |`
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** Appends by copying, as an encoder would, and commits; the next commit when the last is done. */
function run(journal: Journal, shape: Shape, group: number, seconds: number): Promise<number> {
  const message = new Uint8Array(APPEND_BYTES).fill(0x61)
  const whole = new Uint8Array(FRAME_HEAD_BYTES + group * APPEND_BYTES)
  const head = whole.subarray(0, FRAME_HEAD_BYTES)
  const parts = [head, ...Array.from({ length: group }, () => message)]
  const endMs = performance.now() + seconds * 1000
  let commits = 0
  return new Promise((resolve, reject) => {
    const next = (): void => {
      if (shape.isOneBuffer) {
        for (let index = 0; index < group; index++) {
          whole.set(message, FRAME_HEAD_BYTES + index * APPEND_BYTES)
        }
      }
      journal.write(shape.isOneBuffer ? [whole] : parts, (error) => {
        if (error !== undefined) return reject(error)
        commits++
        // As the table would: what was written a while ago is applied.
        if (commits % 100 === 0) journal.release(journal.position)
        if (performance.now() >= endMs) resolve(commits)
        else next()
      })
    }
    next()
  })
}
