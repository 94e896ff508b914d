// Runs every suite, one after the other, each within its time, and ends with one line of counts.
// .ci/run calls it once everything is installed. Names given as arguments choose suites.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Ending, failures, sum, type Tally, tally } from './ci/tally.ts'

interface Suite {
  readonly name: string
  /** Arguments that make it CI's size. */
  readonly args: readonly string[]
  /** Past this the suite is killed and has failed. All together stay under half an hour. */
  readonly minutesMax: number
}

const SUITES: readonly Suite[] = [
  { name: 'check', args: [], minutesMax: 2 },
  { name: 'test', args: [], minutesMax: 3 },
  { name: 'conformance', args: ['--check'], minutesMax: 1 },
  { name: 'e2e', args: [], minutesMax: 9 },
  { name: 'sim', args: [], minutesMax: 5 },
  { name: 'crash', args: [], minutesMax: 4 },
  { name: 'fuzz', args: [], minutesMax: 3 },
  { name: 'mutants', args: [], minutesMax: 7 },
]

const ROOT = join(import.meta.dirname, '..')

/** Shows what a suite prints with its name before each line, so that only one line is a total. */
async function run({ name, args, minutesMax }: Suite): Promise<Ending> {
  // A group of its own, so that a suite that hangs goes with all that it started.
  const child = spawn('npm', ['run', '--silent', name, '--', ...args], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  const limit = setTimeout(() => {
    console.log(`${name} | killed after ${minutesMax} minutes`)
    kill()
  }, minutesMax * 60_000)
  const interrupt = (): void => {
    kill()
    process.exit(130)
  }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      console.log(`${name} | ${line}`)
    })
  }
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      lines.push(error.message)
      resolve(1)
    })
    child.on('close', resolve)
  })
  clearTimeout(limit)
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  return { output: lines.join('\n'), code }
}

const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !SUITES.some((suite) => suite.name === name))
if (unknown.length > 0) throw new Error(`no such suite: ${unknown.join(', ')}`)

/** What of a failed suite is repeated at the very end, for whoever sees only the end of the log. */
const FAILURE_LINES_MAX = 12

const tallies: Tally[] = []
const troubles: string[] = []
const report: string[] = []
for (const suite of SUITES.filter(({ name }) => chosen.length === 0 || chosen.includes(name))) {
  const begin = performance.now()
  const ending = await run(suite)
  const one = tally(ending)
  const seconds = ((performance.now() - begin) / 1000).toFixed(0)
  tallies.push(one)
  if (one.failed > 0) {
    for (const line of failures(ending.output, FAILURE_LINES_MAX)) {
      troubles.push(`${suite.name} | ${line}`)
    }
  }
  const verdict = `${one.failed === 0 ? 'pass' : 'FAIL'}  ${suite.name.padEnd(12)}`
  report.push(`${verdict} ${one.passed} of ${one.passed + one.failed} in ${seconds} s`)
}
const total = sum(tallies)
console.log(`\n${[...report, ...troubles].join('\n')}`)
console.log(`${total.passed} passed, ${total.failed} failed`)
if (total.failed > 0) process.exitCode = 1
