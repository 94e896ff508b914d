// Runs seeds in a thread of its own, with a module graph of its own, so that a plant touches nobody
// else. Stops at the first seed that breaks something where it only looks for a plant.

import { parentPort, workerData } from 'node:worker_threads'
import { type Plant, plant } from '../support/plants.ts'
import type { Outcome } from './run.ts'

export interface Job {
  readonly from: number
  readonly count: number
  /** From one seed to the next. */
  readonly step: number
  readonly plant: Plant | undefined
}

export interface Report {
  readonly passed: number
  readonly crashes: number
  readonly failed: readonly Outcome[]
}

const job = workerData as Job
if (job.plant !== undefined) plant(job.plant)
// Only now, so that the plant is in it.
const { run } = await import('./run.ts')
const failed: Outcome[] = []
let passed = 0
let crashes = 0
for (let index = 0; index < job.count; index++) {
  const seed = job.from + index * job.step
  const outcome = await run(seed)
  crashes += outcome.crashes
  if (outcome.violations.length === 0) passed += 1
  else failed.push(outcome)
  if (job.plant !== undefined && failed.length > 0) break
}
const report: Report = { passed, failed, crashes }
parentPort?.postMessage(report)
