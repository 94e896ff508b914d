// Runs the blocks of a page as a reader does: line by line, servers and subscribers in terminals of
// their own, and compares what is printed with what the page says. What a block is, is page.ts's.

import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NetworkNamespace } from './network-namespace.ts'
import { type Block, rowCommands } from './page.ts'
import { Terminal } from './terminal.ts'

/** What a command that asks for a password reads. */
const INPUT = 'correct horse\n'
/** A message that its subscriber was too late for is sent again after this time. */
const AGAIN_MS = 500
const TRIES_MAX = 40

const SERVER = /(^|&& *)(npm start|\S*rameau(\.js)? start)\b(?!.*--help)/
const SUBSCRIBER = /^mosquitto_sub\b(?!.* -C )/

/** Where a page is run. */
export interface Desk {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly network: Pick<NetworkNamespace, 'inside'>
}

/** Runs all blocks in order; rejects at the first that is not as the page says. */
export async function runPage(blocks: readonly Block[], desk: Desk): Promise<void> {
  await using run = new PageRun(desk)
  for (const [index, block] of blocks.entries()) {
    if (block.notRun !== undefined) continue
    const follower = blocks[index + 1]
    const output = follower?.kind === 'output' && follower.notRun === undefined ? follower.text : ''
    const lines = output.split('\n').filter((line) => line.trim() !== '')
    // What the text says is printed follows the block, or the output that the page shows of it.
    const prints = output === '' ? block.prints : [...block.prints, ...(follower?.prints ?? [])]
    try {
      await run.block(block, [...lines, ...prints])
    } catch (error) {
      throw new Error(`${block.place}: ${String(error)}`, { cause: error })
    }
  }
  run.checkOpen()
}

class PageRun {
  readonly #desk: Desk
  /** Servers and subscribers that go on, the server first. */
  #open: Terminal[] = []

  constructor(desk: Desk) {
    this.#desk = desk
  }

  async block(block: Block, promised: readonly string[]): Promise<void> {
    switch (block.kind) {
      case 'commands':
        return this.#commands(block, promised)
      case 'table':
        for (const command of rowCommands(block)) await this.#finish(['sh', '-ec', command], 0)
        return
      case 'program':
        return this.#program(block, promised)
      case 'configuration':
        return this.#configuration(block)
      case 'file':
        return writeFile(join(this.#desk.folder, block.file ?? ''), block.text)
      case 'output':
      // Was compared with the block before it.
    }
  }

  /** What was started and goes on must not have failed meanwhile. */
  checkOpen(): void {
    for (const terminal of this.#open) assert.ok(!terminal.hasEnded, terminal.report())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }

  async #commands({ text, ends }: Block, promised: readonly string[]): Promise<void> {
    for (const terminal of this.#open) terminal.mark()
    const lines = text.replaceAll('\\\n', ' ').split('\n')
    const ran: string[] = []
    const passing: Terminal[] = []
    for (const line of lines.filter((one) => one.trim() !== '')) {
      if (ends === 0 && SERVER.test(line)) await this.#server(line)
      else if (SUBSCRIBER.test(line)) this.#open.push(this.#terminal(['sh', '-ec', line]))
      else {
        ran.push(line)
        passing.push(await this.#finish(['sh', '-ec', line], ends))
      }
    }
    const isThere = (line: string): boolean =>
      [...this.#open, ...passing].some((terminal) => terminal.hasLine(line))
    for (let tries = 1; !promised.every(isThere); tries++) {
      this.checkOpen()
      const missing = promised.filter((line) => !isThere(line))
      const all = [...this.#open, ...passing].map((terminal) => terminal.report()).join('\n')
      // Only what goes on can still print something; a late subscriber, when it is sent once more.
      const mayCome = this.#open.length > 0 && tries < TRIES_MAX
      assert.ok(mayCome, `not printed: ${missing.join(' | ')}, but\n${all}`)
      if (await this.#comes(() => promised.every(isThere))) continue
      for (const line of ran) passing.push(await this.#finish(['sh', '-ec', line], ends))
    }
  }

  async #program({ text, ends }: Block, promised: readonly string[]): Promise<void> {
    const file = join(this.#desk.folder, 'snippet.ts')
    await writeFile(file, text)
    const terminal = await this.#finish(
      ['node', '--disable-warning=ExperimentalWarning', file],
      ends,
    )
    for (const line of promised) assert.ok(terminal.hasLine(line), `${line}: ${terminal.report()}`)
  }

  async #configuration({ text, file, ends }: Block): Promise<void> {
    const name = file ?? 'shown.yaml'
    await writeFile(join(this.#desk.folder, name), text)
    // Rules are YAML too, and no configuration by themselves.
    const what = name === 'rules.yaml' ? ['--set', `access.rulesFile=${name}`] : [name]
    await this.#finish(['rameau', 'config', 'check', ...what], ends)
    if (file === undefined) await rm(join(this.#desk.folder, name))
  }

  /** A reader has one server at a time: what went on before is ended first, as with Ctrl-C. */
  async #server(line: string): Promise<void> {
    await this.#close()
    const terminal = this.#terminal(['sh', '-ec', line])
    this.#open.push(terminal)
    await terminal.until((output) => /is up, pid[\s\S]*\n {2}access .*\n/.test(output))
  }

  async #finish(command: readonly string[], ends: number): Promise<Terminal> {
    const terminal = this.#terminal(command)
    const code = await terminal.ended()
    assert.equal(code, ends, terminal.report())
    return terminal
  }

  #terminal(command: readonly string[]): Terminal {
    const { network, folder, env } = this.#desk
    return new Terminal(network.inside(['stdbuf', '-oL', ...command]), folder, env, INPUT)
  }

  async #comes(condition: () => boolean): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, AGAIN_MS, true)
    })
    let isLate = false
    while (!condition() && !isLate && !this.#open.some(({ hasEnded }) => hasEnded)) {
      const changes = this.#open.map((terminal) => terminal.change().then(() => false))
      isLate = await Promise.race([...changes, late])
    }
    clearTimeout(timer)
    return condition()
  }

  async #close(): Promise<void> {
    const open = this.#open
    this.#open = []
    for (const terminal of open.reverse()) await terminal.interrupt()
  }
}
