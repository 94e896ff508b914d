// `npm run mutants`: changes one statement of the server at a time and expects a test to fail. Each
// survivor is told, and fails the run unless it is explained. Words given as arguments choose the
// mutants whose name or file has one of them.

import { AREAS, MUTANTS } from './mutants/all.ts'
import type { Mutant } from './mutants/mutant.ts'
import { type Trial, tryBaseline, tryMutant, type Verdict } from './mutants/try.ts'
import { checkPlants } from '../test/support/plants.ts'

/** Trials at once; each is a process that mostly computes. */
const TRIALS_MAX = 2
/** Lines of a trial's output that are shown. */
const SHOWN_LINES_MAX = 40

const words = process.argv.slice(2)
const chosen = MUTANTS.filter(
  ({ name, file }) => words.length === 0 || words.some((word) => `${file} ${name}`.includes(word)),
)
checkPlants(chosen)
const begin = performance.now()
const baseline = await tryBaseline(chosen)
if (baseline.verdict !== 'survived') {
  console.log(`without any mutant the tests ${baseline.verdict}`)
  console.log(tail(baseline))
  console.log('0 passed, 1 failed')
  process.exit(1)
}

const verdicts = new Map<Mutant, Verdict>()
const left = chosen.values()
await Promise.all(Array.from({ length: TRIALS_MAX }, work))
summarize()

async function work(): Promise<void> {
  for (const mutant of left) {
    const trial = await tryMutant(mutant)
    verdicts.set(mutant, trial.verdict)
    const { name, file, equivalent } = mutant
    if (trial.verdict === 'survived' && equivalent !== undefined) {
      console.log(`equivalent: ${file}, ${name}: ${equivalent}`)
    } else if (trial.verdict === 'survived') {
      console.log(`SURVIVED: ${file}, ${name}: ${mutant.replace.trim()}`)
    } else if (trial.verdict === 'broken') {
      console.log(`BROKEN: ${file}, ${name}:\n${tail(trial)}`)
    } else if (equivalent !== undefined) {
      console.log(`NOT EQUIVALENT: ${file}, ${name}: a test noticed it`)
    }
  }
}

/** Killed, or alive with an explanation that holds. */
function isExpected(mutant: Mutant): boolean {
  const verdict = verdicts.get(mutant)
  if (mutant.equivalent !== undefined) return verdict === 'survived'
  return verdict === 'failed' || verdict === 'timed out'
}

function summarize(): void {
  for (const [area, mutants] of AREAS) {
    const tried = mutants.filter((mutant) => verdicts.has(mutant))
    if (tried.length === 0) continue
    const count = (verdict: Verdict): number => {
      return tried.filter((mutant) => verdicts.get(mutant) === verdict).length
    }
    const killed = `${count('failed')} failed a test, ${count('timed out')} timed out`
    console.log(
      `${area.padEnd(8)} ${tried.length} mutants: ${killed}, ${count('survived')} survived`,
    )
  }
  const passed = chosen.filter(isExpected).length
  console.log(`${((performance.now() - begin) / 1000).toFixed(1)} s`)
  console.log(`${passed} passed, ${chosen.length - passed} failed`)
  if (passed < chosen.length || chosen.length === 0) process.exitCode = 1
}

function tail({ output }: Trial): string {
  return output.split('\n').slice(-SHOWN_LINES_MAX).join('\n')
}
