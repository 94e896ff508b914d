// Runs bin/rameau.js as its users do, and reads what it says. For tests that need the program;
// those that need only a server create one in their own process.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'rameau.js')

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** One run of the program. */
export class Rameau {
  readonly child: ChildProcess
  readonly #ended: Promise<Ended>
  #stdout = ''
  #stderr = ''
  #changed: () => void = () => undefined

  /**
   * `env` is added to an environment without any `RAMEAU_…`; data goes to a folder of its own,
   * which is removed with the end.
   */
  constructor(args: readonly string[], env: Record<string, string> = {}, cwd?: string) {
    const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('RAMEAU_'))
    const folder = mkdtempSync(join(tmpdir(), 'rameau-'))
    this.child = spawn(BIN, args, {
      env: { ...Object.fromEntries(clean), RAMEAU_DATA: join(folder, 'data'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      this.#changed()
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      this.#changed()
    })
    this.#ended = once(this.child, 'close').then(([code]: (number | null)[]) => {
      this.#changed()
      rmSync(folder, { recursive: true })
      return { code: code ?? null, stdout: this.#stdout, stderr: this.#stderr }
    })
  }

  get stdout(): string {
    return this.#stdout
  }

  /** Waits until standard output matches; fails when the program ends without. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stdout)
      if (match !== null) return match
      const { exitCode, signalCode } = this.child
      assert.ok(
        exitCode === null && signalCode === null,
        `ended without ${pattern}: ${this.#stdout}${this.#stderr}`,
      )
      await new Promise<void>((resolve) => {
        this.#changed = resolve
      })
    }
  }

  /** The port of the first listener, once it is up. */
  async port(): Promise<number> {
    const [, port] = await this.until(/:\/\/\S*:(\d+)[\s\S]*Try it.*\n.*\n.*\n/)
    return Number(port)
  }

  /** The port of the listener of that protocol, once it is up. */
  async portOf(protocol: string): Promise<number> {
    await this.until(/is up, pid[\s\S]*access .*\n/)
    return Number((await this.until(new RegExp(`${protocol}://\\S*:(\\d+)`)))[1])
  }

  ended(): Promise<Ended> {
    return this.#ended
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  async stop(): Promise<Ended> {
    this.signal('SIGTERM')
    return this.#ended
  }

  /** For the end of a test that may have failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.signal('SIGKILL')
    await this.#ended
  }
}

/** Runs the program to its end. */
export async function runRameau(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  await using rameau = new Rameau(args, env)
  return await rameau.ended()
}
