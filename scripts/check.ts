// `npm run check`: everything that can be said of the code without running it, all at once. Prints
// what failed and a line for each step; it repairs nothing (`npm run fix` does).

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const ROOT = join(import.meta.dirname, '..')

const STEPS: readonly (readonly [name: string, program: string, ...args: string[]])[] = [
  ['format', 'biome', 'format'],
  ['types', 'tsc'],
  ['lint', 'oxlint'],
  ['tidy', 'node', 'scripts/tidy.ts'],
  ['dead code', 'knip', '--treat-config-hints-as-errors'],
]

interface Outcome {
  readonly name: string
  readonly isPassed: boolean
  readonly output: string
  readonly ms: number
}

async function run(name: string, program: string, args: readonly string[]): Promise<Outcome> {
  const begin = performance.now()
  // Only what is installed here: a tool of the same name elsewhere in the path may differ.
  const installed = join(ROOT, 'node_modules', '.bin', program)
  const path = program === 'node' ? process.execPath : installed
  const child = spawn(path, args, {
    cwd: ROOT,
    env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  const ended = new Promise<boolean>((resolve) => {
    child.on('error', () => resolve(false))
    child.on('close', (code) => resolve(code === 0))
  })
  const [isPassed, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return { name, isPassed, output: out + err, ms: performance.now() - begin }
}

const outcomes = await Promise.all(
  STEPS.map(([name, program, ...args]) => run(name, program, args)),
)
const failed = outcomes.filter(({ isPassed }) => !isPassed)
for (const { name, output } of failed) console.log(`--- ${name}\n${output.trimEnd()}\n`)
for (const { name, isPassed, ms } of outcomes) {
  console.log(`${isPassed ? 'pass' : 'FAIL'}  ${name.padEnd(10)} ${(ms / 1000).toFixed(1)} s`)
}
console.log(`${outcomes.length - failed.length} passed, ${failed.length} failed`)
if (failed.length > 0) process.exitCode = 1
