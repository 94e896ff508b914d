// Tries one mutant: plants it into a process of its own that runs tests, and says whether a test
// failed. A mutant that cannot be planted, or that is no program, proves nothing and is broken.

import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseSync } from 'oxc-parser'
import { type Plant, planted } from '../../test/support/plants.ts'
import type { Mutant } from './mutant.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const HOOK = new URL('../../test/support/plants-hook.ts', import.meta.url).href
/** Every conformance case, in process. */
export const CASES_FILE = 'test/conformance/in-process.test.ts'
/** A mutant that makes its tests take so long has been noticed, and is killed. */
const MUTANT_MS_MAX = 15_000
/** The same tests without a mutant take some seconds in all. */
const BASELINE_MS_MAX = 60_000
/** So that a mutant which takes memory without end dies of it early. */
const HEAP_MIB_MAX = 512

export type Verdict = 'failed' | 'timed out' | 'survived' | 'broken'

export interface Trial {
  readonly verdict: Verdict
  /** What the tests said last; for verdicts that are not as expected. */
  readonly output: string
}

/** Runs the mutant's own tests, then its conformance cases where those noticed nothing. */
export async function tryMutant(mutant: Mutant): Promise<Trial> {
  const source = await readFile(join(ROOT, mutant.file), 'utf8')
  const { errors } = parseSync(mutant.file, planted(mutant, source))
  const [error] = errors
  if (error !== undefined) return { verdict: 'broken', output: error.message }
  const trial = await runTests(mutant.tests, MUTANT_MS_MAX, mutant)
  if (trial.verdict !== 'survived' || mutant.cases === undefined) return trial
  return runTests([`--test-name-pattern=${mutant.cases}`, CASES_FILE], MUTANT_MS_MAX, mutant)
}

/** The tests of all mutants without any: they must all pass, or a failure would say nothing. */
export async function tryBaseline(mutants: readonly Mutant[]): Promise<Trial> {
  const files = new Set([...mutants.flatMap(({ tests }) => tests), CASES_FILE])
  return runTests([...files].toSorted(), BASELINE_MS_MAX, undefined)
}

async function runTests(
  files: readonly string[],
  msMax: number,
  plant: Plant | undefined,
): Promise<Trial> {
  const args = ['--import', HOOK, `--max-old-space-size=${HEAP_MIB_MAX}`]
  args.push('--test', '--test-isolation=none', '--test-reporter=tap', ...files)
  const { RAMEAU_PLANT: _, ...env } = process.env
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    // A group of its own, so that all that it started goes with it.
    detached: true,
    env: plant === undefined ? env : { ...env, RAMEAU_PLANT: JSON.stringify(plant) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let isLate = false
  const kill = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  const interrupt = (): void => {
    kill()
    process.exit(130)
  }
  const limit = setTimeout(() => {
    isLate = true
    kill()
  }, msMax)
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null))
    child.on('close', (code) => resolve(code))
  })
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  clearTimeout(limit)
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  const output = (out + err).trimEnd()
  return { verdict: isLate ? 'timed out' : verdictOf(code, output), output }
}

/** By what the child said at its end. */
export function verdictOf(code: number | null, output: string): Verdict {
  // These come from the mutant's text, or from a plant that did not fit, and not from a test.
  if (/\b(?:SyntaxError|ReferenceError|ERR_PLANT|ERR_MODULE_NOT_FOUND)\b/.test(output)) {
    return 'broken'
  }
  const [tests, failed, cancelled] = ['tests', 'fail', 'cancelled'].map((name) => {
    return Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0)
  })
  if (code === 0) return tests === 0 ? 'broken' : 'survived'
  return failed === 0 && cancelled === 0 ? 'broken' : 'failed'
}
