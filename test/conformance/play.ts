// Plays cases: walks through a script's steps over any transport and says where it first differs.
// Knows neither our server nor any other.

import { RawClient, type Transport } from '../support/raw-client.ts'
import { describe, hex, type RawPacket } from '../support/raw-client-packet.ts'
import { buildFrame, type Scope } from '../support/wire-script-build.ts'
import { mismatch } from '../support/wire-script-match.ts'
import {
  type Case,
  durationOf,
  parseDuration,
  parseScript,
  type Step,
  type Version,
} from '../support/wire-script.ts'
import { parseRaw, splitWords, type Word } from '../support/wire-script-words.ts'

export interface Result {
  readonly title: string
  readonly version: Version
  /** Skipped where the server cannot be started, or time not moved, as the case needs. */
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** What differed, and on which line. */
  readonly detail: string
}

export interface PlayOptions {
  /** True for Rameau: of several allowed answers only its own is right. */
  readonly isOurs: boolean
  /** The server goes on to the next case: its sessions and retained messages are taken back. */
  readonly isShared?: boolean
}

/** Plays one case in one version. The transport leads to a server without memory of other cases. */
export async function play(
  test: Case,
  version: Version,
  transport: Transport,
  options: PlayOptions,
): Promise<Result> {
  const result = { title: test.title, version }
  const steps = parseScript(test.script, version, options.isOurs)
  if (
    durationOf(steps) > transport.advanceMaxMs ||
    (test.inProcess && transport.advanceMaxMs < 1e9)
  )
    return { ...result, outcome: 'skipped', detail: 'needs a clock of its own' }
  const player = new Player(version, transport, options.isOurs)
  try {
    await player.play(steps)
    return { ...result, outcome: 'passed', detail: '' }
  } catch (error) {
    const detail = error instanceof Difference ? error.message : String((error as Error).stack)
    return { ...result, outcome: 'failed', detail }
  } finally {
    await player.leave(options.isShared === true)
  }
}

/** The server did not do what the script says. */
class Difference extends Error {}

/** Before 5.0 a refused CONNECT is answered by one of these, or by closing only. */
const RETURN_CODES: Readonly<Record<number, number>> = {
  0x84: 1,
  0x85: 2,
  0x88: 3,
  0x89: 3,
  0x97: 3,
  0x9f: 3,
  0x86: 4,
  0x8c: 4,
  0x87: 5,
  0x8a: 5,
}

class Player {
  readonly #version: Version
  readonly #transport: Transport
  readonly #isOurs: boolean
  readonly #variables = new Map<string, string>()
  readonly #clients = new Map<string, RawClient>()
  readonly #all: RawClient[] = []
  readonly #clientIds = new Set<string>()
  readonly #retainedTopics = new Set<string>()

  constructor(version: Version, transport: Transport, isOurs: boolean) {
    this.#version = version
    this.#transport = transport
    this.#isOurs = isOurs
  }

  async play(steps: readonly Step[]): Promise<void> {
    let step: Step | undefined
    try {
      for (let at = 0; at < steps.length; ) {
        step = steps[at]
        if (step === undefined) break
        const many = unorderedFrom(steps, at)
        if (many.length > 0) await this.#expectAll(many)
        else await this.#step(step)
        at += Math.max(many.length, 1)
      }
      step = undefined
      for (const client of this.#clients.values())
        if (client.isConnected && !client.isClosed) await this.#silent(client)
      for (const { broken } of this.#all)
        if (broken !== undefined) throw new Difference(`the server sent ${broken.message}`)
    } catch (error) {
      const where = step === undefined ? 'at the end' : `line ${step.line}, ${step.text}`
      if (error instanceof Difference) throw new Difference(`${where}: ${error.message}`)
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error })
    }
  }

  async leave(isShared: boolean): Promise<void> {
    for (const client of this.#all) if (!client.isClosed) client.link?.cut()
    await this.#transport.until(() => this.#all.every((client) => client.isClosed || !client.link))
    for (const client of this.#all) if (!client.isClosed) client.link?.reset()
    if (isShared) await this.#takeBack()
  }

  /** Ends the sessions and clears the retained messages that the case may have left. */
  async #takeBack(): Promise<void> {
    const version = this.#version
    for (const name of this.#clientIds) {
      const client = await this.#open('sweeper', version)
      client.send(this.#build(client, 'CONNECT', [keyed('client', name)]))
      await this.#transport.until(() => client.inbox.length > 0 || client.isClosed)
      client.send(this.#build(client, 'DISCONNECT', []))
      await this.#transport.until(() => client.isClosed)
    }
    const client = await this.#open('sweeper', version)
    client.send(this.#build(client, 'CONNECT', []))
    await this.#transport.until(() => client.isConnected || client.isClosed)
    for (const topic of this.#retainedTopics)
      client.send(this.#build(client, 'PUBLISH', [bare(topic), bare(''), keyed('retain', '1')]))
    await this.#roundTrip(client)
    client.send(this.#build(client, 'DISCONNECT', []))
    await this.#transport.until(() => client.isClosed)
  }

  // ---- one step -----------------------------------------------------------------------------

  async #step(step: Step): Promise<void> {
    switch (step.verb) {
      case 'advance':
        return this.#transport.advance(parseDuration(step.rest))
      case 'sync':
        for (const client of this.#clients.values()) await this.#roundTrip(client)
        return
      case 'differ':
        return this.#differ(step.rest)
      case 'opens':
        await this.#open(step.who, this.#versionOf(step.words))
        return
      case 'joins':
      case 'rejoins':
        return this.#join(step)
    }
    const client = await this.#client(step)
    switch (step.verb) {
      case '>':
        return this.#send(client, step)
      case '<':
      case '<?':
        return this.#expect(client, step)
      case 'leaves':
        client.send(this.#build(client, 'DISCONNECT', step.words))
        return this.#closed(client)
      case 'cut':
        client.link?.cut()
        await this.#until(client, () => client.isClosed, 'the connection is still open')
        client.inbox.length = 0
        return
      case 'reset':
        client.link?.reset()
        return
      case 'closed':
        return this.#closed(client)
      case 'closes':
        return this.#closes(client, step.rest)
      case 'refused':
        return this.#refused(client, step.rest)
      case 'silent':
        return this.#silent(client)
      case 'ping':
        return this.#ping(client)
      case 'subs':
      case 'unsubs':
        return this.#subscribe(client, step)
      case 'pubs':
        return this.#publish(client, step)
      case 'gets':
        return this.#expect(client, { ...step, type: 'PUBLISH' })
      default:
        throw new Error(`no such verb: ${step.verb}`)
    }
  }

  async #client(step: Step): Promise<RawClient> {
    const client = this.#clients.get(step.who)
    if (step.verb === '>' && step.type === 'CONNECT') {
      const version = this.#versionOf(step.words)
      if (client === undefined || client.isClosed) return this.#open(step.who, version)
    }
    return client ?? this.#open(step.who, this.#version)
  }

  async #open(who: string, version: Version): Promise<RawClient> {
    const client = new RawClient(who, version)
    this.#clients.set(who, client)
    this.#all.push(client)
    client.link = await this.#transport.open(client)
    return client
  }

  async #join(step: Step): Promise<void> {
    const isAgain = step.verb === 'rejoins'
    const words = step.words.filter((word) => word.key !== 'v' && word.key !== 'session-present')
    if (isAgain && !words.some((word) => word.text === 'persist')) words.push(bare('persist'))
    const client = await this.#open(step.who, this.#versionOf(step.words))
    client.send(this.#build(client, 'CONNECT', words))
    // Before 3.1.1 there is no Session Present.
    const present = isAgain && client.version > 3 ? 'session-present=1' : 'session-present=0'
    await this.#expect(client, { ...step, type: 'CONNACK', words: splitWords(present) })
  }

  #versionOf(words: readonly Word[]): Version {
    const text = words.find((word) => word.key === 'v')?.text
    return text === '3' ? 3 : text === '4' ? 4 : text === '5' ? 5 : this.#version
  }

  #send(client: RawClient, step: Step): void {
    if (step.type === 'raw') client.send(parseRaw(step.rest))
    else {
      const words = step.words.filter((word) => word.key !== 'v')
      client.send(this.#build(client, step.type, words))
    }
  }

  // ---- expectations -------------------------------------------------------------------------

  async #expect(client: RawClient, step: Step): Promise<void> {
    const packet = await this.#next(client, step.verb === '<?')
    if (packet === undefined) return
    const difference = this.#mismatch(client, packet, step)
    if (difference === undefined) return this.#answer(client, packet, step)
    if (step.verb === '<?') client.inbox.unshift(packet)
    else throw new Difference(`${describe(packet)} came: ${difference}`)
  }

  /** The packets of consecutive `<~` and `gets~` lines come in any order. */
  async #expectAll(steps: readonly Step[]): Promise<void> {
    const open = [...steps]
    while (open.length > 0) {
      const first = open[0]
      const client = this.#clients.get(first?.who ?? '')
      if (first === undefined || client === undefined) throw new Error('nobody is connected')
      // When only what may be missing is left, a ping shows that no more comes.
      const isOver = open.every((step) => step.verb.endsWith('?'))
      if (isOver) client.send(Uint8Array.of(0xc0, 0))
      const packet = await this.#next(client, false)
      if (packet === undefined || (isOver && packet.type === 'PINGRESP')) return
      if (isOver) await this.#pingAnswer(client)
      const differences: string[] = []
      const found = open.find((step) => {
        const difference = this.#mismatch(client, packet, step)
        if (difference !== undefined) differences.push(`line ${step.line}: ${difference}`)
        return difference === undefined
      })
      if (found === undefined)
        throw new Difference(`${describe(packet)} came: ${differences.join('; ')}`)
      await this.#answer(client, packet, found)
      open.splice(open.indexOf(found), 1)
    }
  }

  #mismatch(client: RawClient, packet: RawPacket, step: Step): string | undefined {
    const type = step.verb.startsWith('gets') ? 'PUBLISH' : step.type
    return mismatch(packet, type, step.words, this.#scope(client), this.#isOurs)
  }

  /** For `gets`: acknowledges to the end. */
  async #answer(client: RawClient, packet: RawPacket, step: Step): Promise<void> {
    if (packet.type === 'PUBLISH' && packet.id !== 0) client.lastId = packet.id
    if (!step.verb.startsWith('gets')) return
    const qos = (packet.flags >> 1) & 3
    const id = [bare(String(packet.id))]
    if (qos === 1) client.send(this.#build(client, 'PUBACK', id))
    if (qos !== 2) return
    client.send(this.#build(client, 'PUBREC', id))
    await this.#taken(client, 'PUBREL', packet.id)
    client.send(this.#build(client, 'PUBCOMP', id))
  }

  async #next(client: RawClient, isOptional: boolean): Promise<RawPacket | undefined> {
    const isThere = (): boolean => client.inbox.length > 0 || client.broken !== undefined
    const isFound = await this.#transport.until(() => isThere() || client.isClosed)
    if (client.broken !== undefined && client.inbox.length === 0)
      throw new Difference(`the server sent ${client.broken.message}`)
    const packet = client.inbox.shift()
    if (packet !== undefined || isOptional) return packet
    throw new Difference(isFound ? 'the connection was closed' : 'nothing came')
  }

  async #until(client: RawClient, condition: () => boolean, otherwise: string): Promise<void> {
    if (!(await this.#transport.until(() => condition() || client.broken !== undefined)))
      throw new Difference(`${otherwise}; ${client.report()}`)
    if (!condition()) throw new Difference(`the server sent ${client.broken?.message ?? ''}`)
  }

  async #closed(client: RawClient): Promise<void> {
    await this.#until(client, () => client.isClosed, 'the connection is still open')
    const [packet] = client.inbox
    if (packet !== undefined) throw new Difference(`${describe(packet)} came before the close`)
  }

  /** Closed with one of the reasons (5.0), or without a word. Others may always be silent. */
  async #closes(client: RawClient, reasons: string): Promise<void> {
    await this.#until(client, () => client.isClosed, 'the connection is still open')
    const packet = client.inbox.shift()
    const [extra] = client.inbox
    if (extra !== undefined) throw new Difference(`${describe(extra)} came after DISCONNECT`)
    if (client.version !== 5) {
      if (packet !== undefined) throw new Difference(`${describe(packet)} came before the close`)
      return
    }
    const allowed = this.#allowed(reasons)
    if (packet === undefined) {
      if (this.#isOurs && !allowed.includes('none'))
        throw new Difference('closed without DISCONNECT')
    } else if (packet.type !== 'DISCONNECT' || !allowed.includes(hex(packet.reason)))
      throw new Difference(`${describe(packet)} came before the close`)
  }

  /** CONNECT is refused: CONNACK with one of the reasons or nothing, and the stream is closed. */
  async #refused(client: RawClient, reasons: string): Promise<void> {
    await this.#until(client, () => client.isClosed, 'the connection is still open')
    const packet = client.inbox.shift()
    const [extra] = client.inbox
    if (extra !== undefined) throw new Difference(`${describe(extra)} came after CONNACK`)
    const codes = this.#allowed(reasons).map((text) => {
      if (client.version === 5 || text === 'none') return text
      const code = RETURN_CODES[Number(text)]
      return code === undefined ? 'none' : hex(code)
    })
    if (packet === undefined) {
      if (this.#isOurs && !codes.includes('none')) throw new Difference('closed without CONNACK')
    } else if (
      packet.type !== 'CONNACK' ||
      packet.sessionPresent ||
      !codes.includes(hex(packet.reason))
    )
      throw new Difference(`${describe(packet)} came before the close`)
  }

  #differ(names: string): void {
    const values = names.split(' ').map((name) => this.#variables.get(name))
    if (new Set(values).size !== values.length) throw new Difference(`equal: ${values.join(', ')}`)
  }

  #allowed(reasons: string): readonly string[] {
    const mine = this.#isOurs ? reasons.replace(/[|].*/, '') : reasons
    return mine.split(/[|/]/).map((text) => (text === 'none' ? text : hex(Number(text))))
  }

  // ---- round trips --------------------------------------------------------------------------

  /** Nothing waits, and nothing comes before the answers of two pings. */
  async #silent(client: RawClient): Promise<void> {
    for (const other of this.#clients.values())
      if (other !== client && other.isConnected) await this.#roundTrip(other)
    await this.#ping(client)
    await this.#ping(client)
  }

  async #ping(client: RawClient): Promise<void> {
    client.send(Uint8Array.of(0xc0, 0))
    const packet = await this.#next(client, false)
    if (packet?.type !== 'PINGRESP')
      throw new Difference(`${packet === undefined ? 'nothing' : describe(packet)} came unasked`)
  }

  /** Takes the answer of a ping out of what comes. */
  async #pingAnswer(client: RawClient): Promise<void> {
    let isThere = false
    const took = (): boolean => {
      isThere ||= client.take((packet) => packet.type === 'PINGRESP') !== undefined
      return isThere || client.isClosed
    }
    await this.#until(client, took, 'no PINGRESP came')
  }

  /** All that the client sent was read by the server; what came in the meantime stays. */
  async #roundTrip(client: RawClient): Promise<void> {
    if (client.isClosed || !client.isConnected) return
    client.send(Uint8Array.of(0xc0, 0))
    await this.#pingAnswer(client)
  }

  async #taken(client: RawClient, type: string, id: number): Promise<RawPacket> {
    let taken: RawPacket | undefined
    const take = (): boolean => {
      taken ??= client.take((packet) => packet.type === type && packet.id === id)
      return taken !== undefined || client.isClosed
    }
    await this.#until(client, take, `no ${type} ${id} came`)
    if (taken === undefined) throw new Difference(`closed before ${type} ${id}; ${client.report()}`)
    return taken
  }

  async #subscribe(client: RawClient, step: Step): Promise<void> {
    const id = client.takeId()
    const type = step.verb === 'subs' ? 'SUBSCRIBE' : 'UNSUBSCRIBE'
    client.send(this.#build(client, type, [bare(String(id)), ...step.words]))
    const answer = await this.#taken(client, step.verb === 'subs' ? 'SUBACK' : 'UNSUBACK', id)
    if (answer.reasons.some((reason) => reason > 2)) throw new Difference(describe(answer))
  }

  /** Publishes and sees it through; at QoS 0 a ping shows that the server has it. */
  async #publish(client: RawClient, step: Step): Promise<void> {
    const qos = Number(step.words.find((word) => word.key === 'qos')?.text ?? 0)
    const id = qos === 0 ? 0 : client.takeId()
    const words = qos === 0 ? step.words : [...step.words, keyed('id', String(id))]
    client.send(this.#build(client, 'PUBLISH', words))
    if (qos === 0) return this.#roundTrip(client)
    const answer = await this.#taken(client, qos === 1 ? 'PUBACK' : 'PUBREC', id)
    if (answer.reason >= 0x80) throw new Difference(describe(answer))
    if (qos === 1) return
    client.send(this.#build(client, 'PUBREL', [bare(String(id))]))
    await this.#taken(client, 'PUBCOMP', id)
  }

  #build(client: RawClient, type: string, words: readonly Word[]): Uint8Array {
    const value = (key: string): string | undefined => words.find((word) => word.key === key)?.text
    if (type === 'CONNECT') this.#clientIds.add(value('client') ?? client.name)
    if (type === 'CONNECT') {
      client.promised.packetMax = Number(value('packet-max') ?? 2 ** 32)
      client.promised.receiveMax = Number(value('receive-max') ?? 65535)
      client.promised.aliasMax = Number(value('alias-max') ?? 0)
      client.promised.problems = value('problem-info') !== '0'
    }
    // A PUBREC gives its place back only when it refuses.
    if (
      type === 'PUBACK' ||
      type === 'PUBCOMP' ||
      (type === 'PUBREC' && value('reason') !== undefined)
    )
      client.acknowledged(this.#idOf(client, words))
    if (value('will.retain') === '1') this.#retainedTopics.add(value('will.topic') ?? '')
    if (type === 'PUBLISH' && value('retain') === '1')
      this.#retainedTopics.add(words[0]?.text ?? '')
    return buildFrame(type, words, this.#scope(client))
  }

  #idOf(client: RawClient, words: readonly Word[]): number {
    const text = words.find((word) => word.key === undefined)?.text
    if (text === undefined) return client.lastId
    return Number(text.startsWith('%') ? this.#variables.get(text.slice(1)) : text)
  }

  #scope(client: RawClient): Scope {
    const version = client.version === 3 ? 3 : client.version === 4 ? 4 : 5
    return { who: client.name, version, variables: this.#variables, lastId: client.lastId }
  }
}

function unorderedFrom(steps: readonly Step[], from: number): readonly Step[] {
  const who = steps[from]?.who
  const many: Step[] = []
  for (let at = from; at < steps.length; at++) {
    const step = steps[at]
    if (step === undefined || step.who !== who || !step.verb.includes('~')) break
    many.push(step)
  }
  return many
}

function bare(text: string): Word {
  return { key: undefined, text, isLiteral: false, bytes: new TextEncoder().encode(text) }
}

function keyed(key: string, text: string): Word {
  return { ...bare(text), key }
}
