// The code blocks of a page of documentation, and a run of one as a program of its own, which finds
// `rameau` as if it were installed. Shell commands and what is printed are not its matter.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const ROOT = join(import.meta.dirname, '..', '..')
const INDEX = new URL('../../src/index.ts', import.meta.url).href
const RUN_MS_MAX = 30_000

export interface Snippet {
  /** What stands behind the opening fence: `js`, or `js aedes`. */
  readonly language: string
  /** The nearest heading above it. */
  readonly heading: string
  /** Of its first line within the page, counted from 1. */
  readonly line: number
  readonly code: string
}

export interface Ran {
  /** Null: it did not end by itself in time, and was killed. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** All fenced blocks of a page, which is named by its path within the repository. */
export function snippetsOf(page: string): readonly Snippet[] {
  const snippets: Snippet[] = []
  let heading = ''
  let open: { language: string; line: number; lines: string[] } | undefined
  const lines = readFileSync(join(ROOT, page), 'utf8').split('\n')
  for (const [index, line] of lines.entries()) {
    if (open === undefined) {
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading
      const language = /^```(.*)$/.exec(line)?.[1]
      if (language !== undefined) open = { language, line: index + 2, lines: [] }
    } else if (line === '```') {
      snippets.push({ ...open, heading, code: open.lines.join('\n') })
      open = undefined
    } else open.lines.push(line)
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the block is not closed`)
  return snippets
}

/**
 * Runs a module's text in a process of its own. It has to end by itself: what the module leaves
 * open keeps it running, until it is killed and `code` is null.
 */
export async function runModule(code: string, args: readonly string[] = []): Promise<Ran> {
  const hooks = `
    import { registerHooks } from 'node:module'
    registerHooks({
      resolve: (name, context, next) =>
        name === 'rameau' ? { url: '${INDEX}', shortCircuit: true } : next(name, context),
    })`
  const child = spawn(
    process.execPath,
    ['--import', asUrl(hooks), '--input-type=module', '--eval', code, '--', ...args],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], timeout: RUN_MS_MAX, killSignal: 'SIGKILL' },
  )
  const ended = once(child, 'close')
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  await ended
  return { code: child.exitCode, stdout, stderr }
}

function asUrl(module: string): string {
  return `data:text/javascript,${encodeURIComponent(module)}`
}
