// Compares a packet with a script's words. Fixed fields and a PUBLISH's properties must be exactly
// what is written; the properties of other packets are looked at only where named, since a server
// may say more (its limits, a Reason String) than a case is about.

import { type Property, type RawPacket, hex } from './raw-client-packet.ts'
import type { Scope } from './wire-script-build.ts'
import type { Word } from './wire-script-words.ts'

/** What differs, or undefined. Values asked for with `?name` are caught on the way. */
export function mismatch(
  packet: RawPacket,
  type: string,
  words: readonly Word[],
  scope: Scope,
  isOurs: boolean,
): string | undefined {
  if (packet.type !== type) return `is no ${type}`
  const caught = new Map<string, string>()
  const check = new Check(words, { ...scope, variables: scope.variables }, isOurs, caught)
  compare(packet, check, scope)
  const difference = check.finish()
  if (difference === undefined) for (const [name, value] of caught) scope.variables.set(name, value)
  return difference
}

function compare(packet: RawPacket, check: Check, scope: Scope): void {
  switch (packet.type) {
    case 'CONNACK':
      check.field('session-present', packet.sessionPresent ? 1 : 0, '0')
      check.field('reason', packet.reason, '0')
      check.named(packet.properties)
      break
    case 'PUBLISH':
      check.positional('topic', packet.topic, new TextEncoder().encode(packet.topic))
      check.positional('payload', undefined, packet.payload)
      check.field('qos', (packet.flags >> 1) & 3, '0')
      check.field('dup', packet.flags >> 3, '0')
      check.field('retain', packet.flags & 1, '0')
      check.field('id', packet.id, '*')
      check.exactly(packet.properties)
      break
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP':
      check.next('id', packet.id)
      // 0x10 is a success too, and whether it is told is the server's choice.
      check.field(
        'reason',
        packet.reason,
        packet.type === 'PUBACK' || packet.type === 'PUBREC' ? '0|16' : '0',
      )
      check.named(packet.properties)
      break
    case 'SUBACK':
    case 'UNSUBACK':
      check.next('id', packet.id)
      check.reasons(packet.reasons, packet.type === 'UNSUBACK' && scope.version < 5)
      check.named(packet.properties)
      break
    case 'DISCONNECT':
    case 'AUTH':
      check.field('reason', packet.reason, '0')
      check.named(packet.properties)
      break
  }
}

class Check {
  readonly #scope: Scope
  readonly #isOurs: boolean
  readonly #caught: Map<string, string>
  #words: Word[]
  #difference: string | undefined

  constructor(words: readonly Word[], scope: Scope, isOurs: boolean, caught: Map<string, string>) {
    this.#words = [...words]
    this.#scope = scope
    this.#isOurs = isOurs
    this.#caught = caught
  }

  /** A field with a key, `otherwise` where the script does not name it. */
  field(key: string, actual: number, otherwise: string): void {
    const word = this.#take((other) => other.key === key)
    // An unnamed default accepts all that it lists from everyone.
    const isOurs = this.#isOurs && word !== undefined
    this.#compare(key, String(actual), word?.text ?? otherwise, isOurs)
  }

  /** A number without a key; anything where the script has none. */
  next(name: string, actual: number): void {
    const word = this.#take((other) => other.key === undefined && !other.text.startsWith('!'))
    this.#compare(name, String(actual), word?.text ?? '*', this.#isOurs)
  }

  positional(name: string, text: string | undefined, content: Uint8Array): void {
    const word = this.#take((other) => other.key === undefined && !other.text.startsWith('!'))
    if (word === undefined) return this.#differ(`${name} is not given by the script`)
    if (!word.isLiteral && (word.text === '*' || word.text.startsWith('?') || word.text[0] === '%'))
      this.#compare(name, text ?? Buffer.from(content).toString('utf8'), word.text, this.#isOurs)
    else if (!Buffer.from(content).equals(word.bytes)) this.#differ(`${name} is another`)
  }

  reasons(actual: readonly number[], isNone: boolean): void {
    const word = this.#take((other) => other.key === undefined && !other.text.startsWith('!'))
    const wanted = word === undefined ? [] : word.text.split(',')
    if (word?.text === '*' || isNone) return
    if (wanted.length !== actual.length)
      this.#differ(`${actual.length} reasons instead of ${wanted.length}`)
    wanted.forEach((text, at) =>
      this.#compare(`reason ${at + 1}`, String(actual[at]), text, this.#isOurs),
    )
  }

  /** Only the properties that the script names, and the absence of those it names with `!`. */
  named(properties: readonly Property[]): void {
    for (const word of [...this.#words]) {
      const name = word.key ?? word.text.slice(1)
      const found = properties.filter(([other]) => other === name)
      this.#take((other) => other === word)
      if (word.key === undefined) {
        if (found.length > 0) this.#differ(`${name} is there`)
      } else this.#property(name, [word], found)
    }
  }

  /** The properties that the script names and no others. */
  exactly(properties: readonly Property[]): void {
    const names = new Set([...properties.map(([name]) => name)])
    for (const word of this.#words) if (word.key !== undefined) names.add(word.key)
    for (const name of names) {
      const wanted = this.#words.filter((word) => word.key === name)
      for (const word of wanted) this.#take((other) => other === word)
      this.#property(
        name,
        wanted,
        properties.filter(([other]) => other === name),
      )
    }
  }

  finish(): string | undefined {
    const [left] = this.#words
    if (left !== undefined) this.#differ(`unknown field: ${left.key ?? left.text}`)
    return this.#difference
  }

  #property(name: string, wanted: readonly Word[], found: readonly Property[]): void {
    if (wanted.length === 1 && wanted[0]?.text === 'any' && !wanted[0].isLiteral) return
    if (wanted.length !== found.length)
      return this.#differ(`${name}: ${found.length} instead of ${wanted.length}`)
    const actual = found.map(([, value]) => value)
    // The order of identifiers means nothing; that of User Properties does.
    if (name === 'subscription-id') actual.sort((x, y) => Number(x) - Number(y))
    wanted.forEach((word, at) => {
      const value = actual[at]
      if (value instanceof Uint8Array) {
        if (!Buffer.from(value).equals(word.bytes)) this.#differ(`${name} is another`)
      } else if (word.isLiteral || typeof value === 'string') {
        if (word.text.startsWith('?')) this.#compare(name, String(value), word.text, true)
        else if (word.text !== '*' && String(value) !== word.text)
          this.#differ(`${name} is ${String(value)}`)
      } else this.#compare(name, String(value), word.text, this.#isOurs)
    })
  }

  #compare(name: string, actual: string, wanted: string, isOurs: boolean): void {
    if (wanted.startsWith('?')) {
      this.#caught.set(wanted.slice(1), actual)
      return
    }
    const allowed = (isOurs ? wanted.replace(/[|].*/, '') : wanted).split(/[|/]/)
    if (!allowed.some((text) => this.#accepts(actual, text))) {
      const shown = /reason/.test(name) ? hex(Number(actual)) : actual
      this.#differ(`${name} is ${shown}, not ${wanted}`)
    }
  }

  #accepts(actual: string, wanted: string): boolean {
    if (wanted === '*') return true
    if (wanted.startsWith('%')) return actual === this.#scope.variables.get(wanted.slice(1))
    const range = /^(\d+)\.\.(\d+)$/.exec(wanted)
    if (range !== null)
      return Number(range[1]) <= Number(actual) && Number(actual) <= Number(range[2])
    return Number(actual) === Number(wanted)
  }

  #take(wanted: (word: Word) => boolean): Word | undefined {
    const word = this.#words.find(wanted)
    if (word !== undefined) this.#words = this.#words.filter((other) => other !== word)
    return word
  }

  #differ(text: string): void {
    this.#difference ??= text
  }
}
