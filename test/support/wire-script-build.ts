// Makes the packet that a script's words describe, for sending. Says nothing about whether a client
// may send it: that is what many cases are about.

import { encodeRaw } from './raw-client-encode.ts'
import {
  blank,
  PROPERTIES,
  type Property,
  type RawConnect,
  type RawPacket,
  type SubscriptionRequest,
  type Value,
} from './raw-client-packet.ts'
import type { Version } from './wire-script.ts'
import type { Word } from './wire-script-words.ts'

/** What the words of one connection may refer to. */
export interface Scope {
  readonly who: string
  readonly version: Version
  /** Values caught with `?name`, used with `%name`. */
  readonly variables: Map<string, string>
  /** The Packet Identifier of the PUBLISH that came last, for acknowledgements that name none. */
  readonly lastId: number
}

export function buildFrame(type: string, words: readonly Word[], scope: Scope): Uint8Array {
  return encodeRaw(build(type, words, scope), scope.version)
}

function build(type: string, words: readonly Word[], scope: Scope): RawPacket {
  const fields = new Fields(words, scope)
  const packet = buildBody(type, fields)
  const flags = fields.number('flags', packet.flags)
  fields.finish()
  return { ...packet, flags }
}

function buildBody(type: string, fields: Fields): RawPacket {
  const packet = blank(type)
  switch (type) {
    case 'CONNECT':
      return buildConnect(fields)
    case 'PUBLISH': {
      const topic = fields.next()?.text ?? ''
      const payload = fields.next()?.bytes ?? packet.payload
      const qos = fields.number('qos', 0)
      const flags = fields.number('dup', 0) * 8 + qos * 2 + fields.number('retain', 0)
      const id = fields.number('id', 0)
      return { ...packet, flags, topic, payload, id, properties: fields.properties('') }
    }
    case 'PUBACK':
    case 'PUBREC':
    case 'PUBREL':
    case 'PUBCOMP': {
      const id = Number(fields.next()?.text ?? fields.scope.lastId)
      const reason = fields.number('reason', 0)
      return { ...packet, id, reason, properties: fields.properties('') }
    }
    case 'SUBSCRIBE':
    case 'UNSUBSCRIBE': {
      const id = Number(fields.next()?.text ?? 0)
      return { ...packet, id, filters: fields.filters(), properties: fields.properties('') }
    }
    case 'DISCONNECT':
    case 'AUTH':
      return { ...packet, reason: fields.number('reason', 0), properties: fields.properties('') }
    case 'PINGREQ':
      return packet
    default:
      throw new Error(`no client sends ${type}; use raw`)
  }
}

function buildConnect(fields: Fields): RawPacket {
  const { version, who } = fields.scope
  const isPersistent = fields.flag('persist')
  const user = fields.take('user')
  const password = fields.take('password')
  const willTopic = fields.take('will.topic')
  const willPayload = fields.take('will.payload')
  const willFlags = fields.number('will.qos', 0) * 8 + fields.number('will.retain', 0) * 32
  const level = fields.number('level', version)
  const properties = fields.properties('')
  if (isPersistent && version === 5 && !properties.some(([name]) => name === 'session-expiry'))
    properties.push(['session-expiry', 3600])
  const connect: RawConnect = {
    name: fields.text('name', version === 3 ? 'MQIsdp' : 'MQTT'),
    level,
    flags: fields.number(
      'connect-flags',
      fields.number('clean', isPersistent ? 0 : 1) * 2 +
        (willTopic === undefined ? 0 : 4 + willFlags) +
        (password === undefined ? 0 : 0x40) +
        (user === undefined ? 0 : 0x80),
    ),
    keepAlive: fields.number('keep-alive', 60),
    clientId: fields.text('client', who),
    willProperties: fields.properties('will.'),
    willTopic: willTopic?.text ?? '',
    willPayload: willPayload?.bytes ?? new Uint8Array(0),
    userName: user?.text ?? '',
    password: password?.bytes ?? new Uint8Array(0),
  }
  return { ...blank('CONNECT'), connect, properties }
}

/** Hands out words one by one, and complains at the end about those that nobody wanted. */
class Fields {
  readonly scope: Scope
  #words: Word[]

  constructor(words: readonly Word[], scope: Scope) {
    this.scope = scope
    this.#words = words.map((word) => resolve(word, scope))
  }

  /** The next word without a key. */
  next(): Word | undefined {
    return this.#remove(this.#words.find((word) => word.key === undefined))
  }

  take(key: string): Word | undefined {
    return this.#remove(this.#words.find((word) => word.key === key))
  }

  flag(name: string): boolean {
    const found = this.#words.find((word) => word.key === undefined && word.text === name)
    return this.#remove(found) !== undefined
  }

  text(key: string, otherwise: string): string {
    return this.take(key)?.text ?? otherwise
  }

  number(key: string, otherwise: number): number {
    return Number(this.take(key)?.text ?? otherwise)
  }

  properties(prefix: string): Property[] {
    const found: Property[] = []
    for (const word of [...this.#words]) {
      if (word.key?.startsWith(prefix) !== true) continue
      const name = word.key.slice(prefix.length)
      const kind = PROPERTIES.get(name)?.[1]
      if (kind === undefined) continue
      this.#remove(word)
      found.push([name, toValue(word, kind)])
    }
    return found
  }

  /** Filters with the options that follow each. */
  filters(): readonly SubscriptionRequest[] {
    const found: SubscriptionRequest[] = []
    for (const word of [...this.#words]) {
      const last = found.at(-1)
      const shift = { qos: 0, nl: 2, rap: 3, rh: 4 }[word.key ?? '']
      if (word.key === undefined) found.push({ filter: word.text, options: 0 })
      else if (last === undefined) continue
      else if (word.key === 'options')
        found[found.length - 1] = { ...last, options: Number(word.text) }
      else if (shift !== undefined) {
        const options = last.options | (Number(word.text) << shift)
        found[found.length - 1] = { ...last, options }
      } else continue
      this.#remove(word)
    }
    return found
  }

  finish(): void {
    const [left] = this.#words
    if (left !== undefined) throw new Error(`unknown field: ${left.key ?? left.text}`)
  }

  #remove(word: Word | undefined): Word | undefined {
    if (word !== undefined) this.#words = this.#words.filter((other) => other !== word)
    return word
  }
}

function toValue(word: Word, kind: string): Value {
  if (kind === 'binary') return word.bytes
  return kind === 'string' || kind === 'pair' ? word.text : Number(word.text)
}

/** Puts the value of a variable in place of `%name`. */
function resolve(word: Word, scope: Scope): Word {
  if (word.isLiteral || !word.text.startsWith('%')) return word
  const text = scope.variables.get(word.text.slice(1))
  if (text === undefined) throw new Error(`nothing was caught as ${word.text}`)
  return { ...word, text, isLiteral: true, bytes: new TextEncoder().encode(text) }
}
