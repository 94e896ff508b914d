// The lives of a server on a disk: it starts, serves, dies at any step, and starts again on what is
// left. At each start the books of the run forget what the crash took: what was not yet durable
// never happened, except that clients may have seen it begin.

import { createServer, type Server } from '../../src/server.ts'
import type { SimClient } from './client.ts'
import type { DiskStore, Rewind } from './disk-store.ts'
import type { Ledger } from './ledger.ts'
import { Life } from './life.ts'
import type { Network } from './network.ts'
import type { Scenario } from './scenario.ts'
import type { TapChecks } from './tap.ts'
import type { World } from './world.ts'

/** A server that could not start is started again after so long, as a supervisor does. */
const RESTART_MS = 1000
/** A crash at a step of the disk comes within so many steps. */
const STEPS_MAX = 60

/** From a crash to the next start. */
export interface Outage {
  readonly crashMs: number
  readonly openMs: number
}

export interface LivesParts {
  readonly world: World
  readonly scenario: Scenario
  readonly store: DiskStore
  readonly network: Network
  readonly ledger: Ledger
  readonly checks: TapChecks
  readonly clients: readonly SimClient[]
  readonly endedGroups: Set<string>
}

export class Lives {
  server: Server | undefined
  /** Messages that servers before this one said they dropped. */
  dropped = 0
  readonly outages: Outage[] = []
  readonly #parts: LivesParts
  #life: Life | undefined
  #crashedMs: number | undefined

  constructor(parts: LivesParts) {
    this.#parts = parts
  }

  get isUp(): boolean {
    return this.#parts.network.accept !== undefined
  }

  start(): void {
    const { world, scenario, store, ledger, checks, clients, network } = this.#parts
    const life = new Life(world)
    this.#life = life
    world.isAwaited = true
    world.note('the server starts')
    const server = createServer({
      clock: life.clock,
      scheduler: life.scheduler,
      random: world.chance('server').random,
      sysIntervalS: 0, // It tells of the process, which no seed repeats.
      store: store.mount(life, (rewind) => this.#rewind(rewind)),
      limits: scenario.limits,
      mqtt: scenario.mqtt,
      cluster: {
        announce: () => {},
        withdraw: () => {},
        takeover: () => {},
        forward: (message) => {
          if (life.isOver) return
          ledger.taken(message, store.part, store.isFailing)
          checks.taken(message, clients)
        },
      },
    })
    const opened = (error: Error | undefined): void => {
      if (life.isOver) return
      world.isAwaited = false
      if (error !== undefined) return this.#fail(error)
      world.note('the server is ready')
      this.server = server
      network.accept = server.accept
    }
    server.ready.then(() => opened(undefined), opened)
  }

  /** Lets the server die a few times until `endMs`: at any time, or at a step of disk or table. */
  plan(crashes: number, endMs: number): void {
    const { world, store } = this.#parts
    const chance = world.chance('crashes')
    for (let left = crashes; left > 0; left--) {
      const steps = chance.between(1, STEPS_MAX)
      const when = chance.pick(['now', 'now', 'disk', 'disk', 'table'])
      world.at(chance.ms(endMs - 1000), () => {
        const { disk } = store
        if (when === 'disk') disk.crashAt(disk.acts + steps, () => this.crash())
        else if (when === 'table') store.onTableWrite = () => this.crash()
        else this.crash()
      })
    }
    world.at(endMs, () => store.disk.crashAt(Number.POSITIVE_INFINITY, () => {}))
  }

  crash(): void {
    const { world, store, network, clients, endedGroups, ledger } = this.#parts
    const life = this.#life
    if (life === undefined || life.isOver) return
    world.note('the server dies')
    life.isOver = true
    this.#crashedMs ??= world.nowMs
    this.dropped += this.server?.counters.droppedQueueFull ?? 0
    this.server = undefined
    network.kill()
    store.onTableWrite = undefined
    store.crash()
    // A session that does not last ends here, and with it the QoS 2 messages begun there.
    for (const { profile, lines } of clients) {
      if (profile.group === undefined || lines.at(-1)?.isDurable === true) continue
      endedGroups.add(profile.group)
      ledger.died(profile.group)
    }
    world.at(RESTART_MS + world.chance(`outage ${world.eventId}`).ms(3000), () => this.start())
  }

  /** Ends the last life in peace, or not, and looks at what is left. */
  async end(): Promise<void> {
    const { world, store, network } = this.#parts
    const { server } = this
    if (world.violations.length > 0 || server === undefined) return
    if (world.chance('end').percent(50)) {
      let isOver = false
      world.isAwaited = true
      const settle = (): void => void (isOver = true)
      server.close().then(settle, (error: unknown) => {
        world.violation(`the server does not close: ${String(error)}`)
        settle()
      })
      await world.pass(world.nowMs + 60_000, () => isOver)
      if (!isOver) world.violation('the server never closes')
    }
    if (this.#life !== undefined) this.#life.isOver = true
    network.kill()
    store.crash()
    world.isAwaited = true
    await store.check(new Life(world))
  }

  #fail(error: Error): void {
    const { world, store } = this.#parts
    world.note(`the server does not start: ${error.message}`)
    if (this.#life !== undefined) this.#life.isOver = true
    store.crash()
    world.at(RESTART_MS, () => this.start())
  }

  #rewind({ isVoid, durableMs }: Rewind): void {
    const { world, store, ledger, clients } = this.#parts
    const crashMs = this.#crashedMs
    if (crashMs === undefined) return
    this.outages.push({ crashMs, openMs: world.nowMs })
    this.#crashedMs = undefined
    ledger.rewind(isVoid, store.model.state.retained.values())
    for (const client of clients) {
      for (const line of client.lines) line.rewind(isVoid, durableMs)
    }
  }
}
