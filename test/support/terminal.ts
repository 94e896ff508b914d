// A command in a terminal of its own, with what it printed so far. It knows nothing of pages.

import { type ChildProcess, spawn } from 'node:child_process'

/** A command that should end and does not is killed, and with it all that it started. */
const RUN_MS_MAX = 60_000
/** How long a server may take to drain. */
const INTERRUPT_MS_MAX = 15_000

export class Terminal {
  readonly #command: string
  readonly #child: ChildProcess
  readonly #end: Promise<number | null>
  #output = ''
  #markedAt = 0
  #hasEnded = false
  #changed: (() => void)[] = []

  constructor(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv, input: string) {
    const [program = '', ...args] = command
    this.#command = args.at(-1) ?? program
    // A process group of its own, for npm and shells start others.
    this.#child = spawn(program, args, { cwd, env, detached: true, stdio: 'pipe' })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        this.#notify()
      })
    }
    this.#child.stdin?.on('error', () => undefined)
    this.#child.stdin?.end(input)
    this.#end = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#output += String(error)
        resolve(null)
      })
      this.#child.once('close', (code) => resolve(code))
    })
    void this.#end.then(() => {
      this.#hasEnded = true
      this.#notify()
    })
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** What was printed before counts no longer for {@link hasLine}. */
  mark(): void {
    this.#markedAt = this.#output.length
  }

  /** Whether it printed this line, apart from blanks at its ends; `…` stands for anything. */
  hasLine(line: string): boolean {
    const parts = line.trim().split('…')
    const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')
    return new RegExp(`^\\s*${escaped}\\s*$`, 'm').test(this.#output.slice(this.#markedAt))
  }

  /** Resolves when something more is printed, or it ends. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve))
  }

  async until(condition: (output: string) => boolean): Promise<void> {
    const limit = setTimeout(() => this.#signal('SIGKILL'), RUN_MS_MAX)
    try {
      while (!condition(this.#output)) {
        if (this.#hasEnded) throw new Error(this.report())
        await this.change()
      }
    } finally {
      clearTimeout(limit)
    }
  }

  /** Its exit code; null where a signal ended it. */
  async ended(): Promise<number | null> {
    const limit = setTimeout(() => this.#signal('SIGKILL'), RUN_MS_MAX)
    const code = await this.#end
    clearTimeout(limit)
    return code
  }

  /** Ctrl-C, which every process of the terminal gets; then, if need be, harder. */
  async interrupt(): Promise<void> {
    this.#signal('SIGINT')
    const limit = setTimeout(() => this.#signal('SIGKILL'), INTERRUPT_MS_MAX)
    await this.#end
    clearTimeout(limit)
  }

  report(): string {
    return `\`${this.#command}\` printed\n${this.#output}`
  }

  #signal(name: NodeJS.Signals): void {
    if (this.#hasEnded || this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, name)
    } catch {
      // It has just ended.
    }
  }

  #notify(): void {
    const changed = this.#changed
    this.#changed = []
    for (const tell of changed) tell()
  }
}
