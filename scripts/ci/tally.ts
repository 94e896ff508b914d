// How many tests a suite passed, read from what it printed. The convention: a suite ends with
// node's own summary or with a line `N passed, N failed`.

export interface Tally {
  readonly passed: number
  readonly failed: number
}

export interface Ending {
  readonly output: string
  /** Null when a signal ended the suite. */
  readonly code: number | null
}

/**
 * Doubts are failures: a suite that exits with an error failed at least once, whatever it counted,
 * and so did one that counted nothing.
 */
export function tally({ output, code }: Ending): Tally {
  const { passed, failed } = counted(output)
  const isDoubtful = failed === 0 && (code !== 0 || passed === 0)
  return { passed, failed: isDoubtful ? 1 : failed }
}

export function sum(tallies: readonly Tally[]): Tally {
  let passed = 0
  let failed = 0
  for (const one of tallies) {
    passed += one.passed
    failed += one.failed
  }
  return { passed, failed }
}

function counted(output: string): Tally {
  const plain = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1)
  if (plain !== undefined) return { passed: Number(plain[1]), failed: Number(plain[2]) }
  const failed = nodeCount(output, 'fail') + nodeCount(output, 'cancelled')
  return { passed: nodeCount(output, 'pass'), failed }
}

/** A count of node's summary, which is `# pass 3` in TAP and `ℹ pass 3` in the spec reporter. */
function nodeCount(output: string, name: string): number {
  const found = [...output.matchAll(new RegExp(`^(?:#|ℹ) ${name} (\\d+)$`, 'gm'))].at(-1)
  return Number(found?.[1] ?? 0)
}

/** The lines that say what failed and why, for the end of a long log: at most `linesMax`. */
export function failures(output: string, linesMax: number): readonly string[] {
  const lines = output.split('\n')
  // Node's spec reporter repeats what failed, with the errors, under this heading.
  const heading = lines.findLastIndex((line) => line === '✖ failing tests:')
  const told = heading === -1 ? lines.filter((line) => FAILED.test(line)) : lines.slice(heading + 1)
  const worth = (told.length > 0 ? told : lines).filter((line) => line.trim() !== '')
  return heading === -1 && told.length === 0 ? worth.slice(-linesMax) : worth.slice(0, linesMax)
}

const FAILED = /^\s*(✖|not ok|FAIL|failed|error)/i
