// `npm run sim`: runs seeds, and checks that the simulation finds each planted fault.

import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { checkPlants, type Plant, PlantError } from '../support/plants.ts'
import { PLANTS, type SimPlant } from './plants.ts'
import { STORAGE_PLANTS } from './storage-plants.ts'
import { run } from './run.ts'
import type { Job, Report } from './worker.ts'

const SEEDS = 100
const SEEDS_FULL = 1000
/** Within so many seeds each plant must be found. */
const PLANT_SEEDS_MAX = 1000
const THREADS = 2
/** Seeds that a thread runs in one go. */
const LOT = 25

const USAGE = `npm run sim -- [options]

  --seeds N [--from M]   N seeds from M on, and nothing else
  --seed N [--trace]     one seed, with what happened
  --plants [--only TEXT] only the plants, those whose name has the text
  --full                 ${SEEDS_FULL} seeds, and the plants from the first seed on
  without any of these   ${SEEDS} seeds, and the plants from a seed on that is known to find them

Odd seeds run a store in memory whose commits are late and fail. Even seeds run the durable store
on a disk that is slow, full, failing and cut off, and a server that dies and starts again; plants
in the store are looked for with these, the others with odd seeds.
`

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    trace: { type: 'boolean' },
    plants: { type: 'boolean' },
    only: { type: 'string' },
    full: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})

let passed = 0
let failed = 0
let crashes = 0
if (values.help) console.log(USAGE)
else if (values.seed !== undefined) await replay(number(values.seed, 'seed'))
else {
  const count =
    values.seeds === undefined ? (values.full ? SEEDS_FULL : SEEDS) : number(values.seeds, 'seeds')
  const from = values.from === undefined ? 1 : number(values.from, 'from')
  if (!values.plants) await runSeeds(from, count)
  if (values.seeds === undefined) await findPlants()
}
if (!values.help)
  console.log(`servers crashed ${crashes} times\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function replay(seed: number): Promise<void> {
  const outcome = await run(seed, values.trace ? (line) => console.log(line) : undefined)
  for (const violation of outcome.violations) console.log(violation)
  const { hash, events, letters } = outcome
  console.log(`seed ${seed}: ${events} events, ${letters} messages, trace ${hash.toString(16)}`)
  if (outcome.violations.length === 0) passed += 1
  else failed += 1
}

async function runSeeds(from: number, count: number): Promise<void> {
  const jobs: Job[] = []
  for (let first = from; first < from + count; first += LOT) {
    const lot = Math.min(LOT, from + count - first)
    jobs.push({ from: first, count: lot, step: 1, plant: undefined })
  }
  await inThreads(jobs, (_job, report) => {
    passed += report.passed
    crashes += report.crashes
    failed += report.failed.length
    for (const { violations } of report.failed) console.log(violations.slice(0, 5).join('\n'))
  })
}

async function findPlants(): Promise<void> {
  const wanted = ({ name }: Plant): boolean => name.includes(values.only ?? '')
  const job = { count: PLANT_SEEDS_MAX, step: 2 }
  const jobs = [
    ...PLANTS.filter(wanted)
      .filter(fits)
      .map((plant) => ({ ...job, from: first(plant, 1), plant })),
    ...STORAGE_PLANTS.filter(wanted)
      .filter(fits)
      .map((plant) => ({ ...job, from: first(plant, 2), plant })),
  ]
  await inThreads(jobs, ({ plant }, report) => {
    const violation = report.failed[0]?.violations[0]
    if (violation === undefined) failed += 1
    else passed += 1
    const finding = violation?.split('\n')[0] ?? `not found in ${PLANT_SEEDS_MAX} seeds`
    console.log(`plant "${plant?.name ?? ''}": ${finding}`)
  })
}

/** Where the search begins. The trace of a seed changes with the server: it may go on for long. */
function first({ near }: SimPlant, from: number): number {
  return values.full ? from : (near ?? from)
}

function fits(plant: Plant): boolean {
  try {
    checkPlants([plant])
    return true
  } catch (error) {
    if (!(error instanceof PlantError)) throw error
    failed += 1
    console.log(error.message)
    return false
  }
}

/** Runs all jobs, a few at a time, and tells of each one as it ends. */
async function inThreads(
  jobs: readonly Job[],
  ended: (job: Job, report: Report) => void,
): Promise<void> {
  const waiting = [...jobs]
  const serve = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      ended(job, await inThread(job))
    }
  }
  await Promise.all(Array.from({ length: THREADS }, serve))
}

async function inThread(job: Job): Promise<Report> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: job })
  const report = await new Promise<Report>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('a thread ended without a report')))
  })
  await worker.terminate()
  return report
}

function number(text: string, name: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  console.error(`--${name} takes a number, not ${text}`)
  process.exit(2)
}
