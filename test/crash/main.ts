// `npm run crash`: the real server, real sockets, and kill -9 at any instant; what the server owes
// after that is held against what it gives. A process that is killed loses nothing that it wrote,
// synced or not: power cuts are the simulation's.
//
//   (nothing)              15 rounds, the queue's bound, and servers of which the outcome is known
//   --full                 the same with 200 rounds and at least 200,000 acknowledged messages
//   --rounds N             only so many rounds
//   --target T             only rounds, of rameau, memory, mosquitto, cuts (a server that loses
//                          nothing), or a command line in which {port} and {data} are filled in
//   --plant                only rounds, of a Rameau that acknowledges before it commits
//   --expect-loss          passes where acknowledged messages are lost, and only there
//   --bound                only the queue's bound
//   --planted              only servers of which the outcome is known
//   --seed N               draws what happens when; any number is taken where none is given
//   --set key=value        a setting of rameau start, may be repeated
//   --keep                 leaves the server's data where it is

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkPlants, PlantError } from '../support/plants.ts'
import { requireProgram } from '../support/third-party.ts'
import { testBound } from './bound.ts'
import { kinds } from './faults.ts'
import { CRASH_PLANTS } from './plants.ts'
import { Run } from './run.ts'
import { cuts } from './target-cuts.ts'
import { command, mosquitto, NO_BOUNDS, rameau, type Settings, type Target } from './target.ts'

const ROUNDS = 15
const ROUNDS_FULL = 200
const ACKED_FULL_MIN = 200_000
/** What must lose is run for so many rounds, and again with another seed, until it does. */
const ROUNDS_PLANTED = 2
const ATTEMPTS_PLANTED = 10

const { values } = parseArgs({
  options: {
    full: { type: 'boolean' },
    rounds: { type: 'string' },
    target: { type: 'string' },
    plant: { type: 'boolean' },
    'expect-loss': { type: 'boolean' },
    bound: { type: 'boolean' },
    planted: { type: 'boolean' },
    seed: { type: 'string' },
    set: { type: 'string', multiple: true },
    keep: { type: 'boolean' },
  },
})
const seed = values.seed === undefined ? Date.now() % 1_000_000 : number(values.seed, 'seed')
const settings: Settings = {
  ...NO_BOUNDS,
  ...Object.fromEntries((values.set ?? []).map(keyAndValue)),
}

let passed = 0
let failed = 0
await main()
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

async function main(): Promise<void> {
  const { target, plant, bound, planted, full } = values
  if (bound) return boundTest()
  if (planted) return known()
  if (target === undefined && !plant && values.rounds === undefined) {
    await rounds(rameau({ settings }), full ? ROUNDS_FULL : ROUNDS)
    await boundTest()
    return known()
  }
  const chosen = plant ? planted1() : targetOf(target ?? 'rameau')
  if (chosen === undefined) return
  const count = values.rounds === undefined ? ROUNDS : number(values.rounds, 'rounds')
  return values['expect-loss'] ? loses(chosen, count, 1) : rounds(chosen, count)
}

/** Each kind of fault is one test, and so is how much was acknowledged. */
async function rounds(target: Target, count: number): Promise<void> {
  const { ledger } = await play(target, seed, count, false)
  // A run that broke off has shown nothing else.
  if (ledger.faults.count('server') > 0) return check(false, 'server')
  for (const kind of kinds()) check(ledger.faults.count(kind) === 0, kind)
  const ackedMin = count >= ROUNDS_FULL ? ACKED_FULL_MIN : 1
  check(ledger.acked >= ackedMin, `${ledger.acked} acknowledged of ${ackedMin}`)
}

/** The harness itself: it finds nothing where nothing is lost, and loss where there is loss. */
async function known(): Promise<void> {
  await rounds(cuts(), ROUNDS_PLANTED)
  const program = requireProgram('mosquitto')
  const own = [rameau({ settings, isMemory: true }), planted1()]
  for (const target of own) {
    if (target !== undefined) await loses(target, ROUNDS_PLANTED, ATTEMPTS_PLANTED)
  }
  if (program.skip !== false) return console.log(`skipped: ${program.skip}`)
  await loses(mosquitto(program.path), ROUNDS_PLANTED, ATTEMPTS_PLANTED)
}

/** Passes at the first run in which acknowledged messages are lost. */
async function loses(target: Target, count: number, attempts: number): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const { ledger } = await play(target, seed + attempt, count, true)
    if (ledger.faults.count('lost') > 0) return check(true, '')
  }
  check(false, `${target.name} lost nothing, and must`)
}

async function play(
  target: Target,
  withSeed: number,
  count: number,
  isLossExpected: boolean,
): Promise<Run> {
  console.log(`${target.name}: ${count} rounds, --seed ${withSeed}`)
  const folder = mkdtempSync(join(tmpdir(), 'rameau-crash-'))
  const print = (line: string): void => console.log(line)
  const run = new Run({ target, seed: withSeed, rounds: count, folder, isLossExpected, print })
  const startMs = performance.now()
  await run.play()
  await target.close?.()
  for (const example of run.ledger.faults.news()) print(`  ${example}`)
  const { ledger, kills } = run
  const seconds = ((performance.now() - startMs) / 1000).toFixed(0)
  print(
    `${target.name}: ${count} rounds, ${kills} kills, ${seconds} s, seed ${withSeed}: ` +
      `${ledger.acked} acknowledged, ${ledger.refused} refused, ${ledger.delivered} delivered, ` +
      `${ledger.repeated} again; ${ledger.faults.summary()}`,
  )
  if (values.keep) print(`data: ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
  return run
}

async function boundTest(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rameau-crash-'))
  const problems = await testBound(folder, settings, (line) => console.log(line))
  for (const problem of problems) console.log(`  ${problem}`)
  check(problems.length === 0, 'the queue at its bound')
  rmSync(folder, { recursive: true, force: true })
}

/** Rameau with the planted fault, where that still fits the source. */
function planted1(): Target | undefined {
  const [plant] = CRASH_PLANTS
  try {
    if (plant === undefined) return undefined
    checkPlants([plant])
    return rameau({ settings, plant })
  } catch (error) {
    if (!(error instanceof PlantError)) throw error
    check(false, error.message)
    return undefined
  }
}

function targetOf(name: string): Target | undefined {
  if (name === 'rameau') return rameau({ settings })
  if (name === 'memory') return rameau({ settings, isMemory: true })
  if (name === 'cuts') return cuts()
  if (name !== 'mosquitto') return command(name)
  const program = requireProgram('mosquitto')
  if (program.skip === false) return mosquitto(program.path)
  console.log(`skipped: ${program.skip}`)
  return undefined
}

function check(isPassed: boolean, what: string): void {
  if (isPassed) passed += 1
  else {
    failed += 1
    console.log(`FAIL  ${what}`)
  }
}

function keyAndValue(text: string): readonly [key: string, value: string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  console.error(`--set takes key=value, not ${text}`)
  process.exit(2)
}

function number(text: string, name: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  console.error(`--${name} takes a number, not ${text}`)
  process.exit(2)
}
