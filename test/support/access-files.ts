// Password and ACL files in a folder of their own that goes with the test, and rules from them.

import { pbkdf2Sync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createScram } from '../../src/access/hash-scram.ts'
import { publishBit, READ_BIT, type Rights } from '../../src/access/rights.ts'
import type { AccessSettings } from '../../src/access/rule-set.ts'
import { openRules, type Rules, type RulesOptions } from '../../src/access/rules.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { Qos } from '../../src/core/message.ts'
import type { Topic } from '../../src/core/topic.ts'

interface Options {
  /** Who can use SCRAM too. */
  readonly scram?: readonly string[]
}

export class AccessFiles {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'rameau-access-'))

  constructor(t?: Pick<TestContext, 'after'>) {
    t?.after(() => this.remove())
  }

  /** Writes a file and returns its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  /** A password file with these users, of hashes that cost little. */
  async passwords(users: Readonly<Record<string, string>>, options: Options = {}): Promise<string> {
    const { scram = [] } = options
    const lines = Object.entries(users).map(async ([user, password]) => {
      const isScram = scram.includes(user)
      const bytes = new TextEncoder().encode(password)
      return `${user}:${isScram ? await createScram(bytes) : cheapHash(password)}\n`
    })
    return this.write('passwords', (await Promise.all(lines)).join(''))
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Settings with what is named, and nothing else. */
export function accessSettings(some: Partial<AccessSettings>): AccessSettings {
  const none = { passwordFile: undefined, aclFile: undefined, rulesFile: undefined }
  return { allowAnonymous: undefined, ...none, ...some }
}

/** Rules of a whole server. */
export function rulesOf(
  some: Partial<AccessSettings>,
  clock: Clock = systemClock,
  options: RulesOptions = {},
): Promise<Rules> {
  return openRules(new Map([['', accessSettings(some)]]), clock, options)
}

/** What a client's rights say of a topic. */
export function mayRead(rights: Rights, topic: Topic): boolean {
  return (rights.bitsOf(topic) & READ_BIT) !== 0
}

export function mayPublish(rights: Rights, topic: Topic, qos: Qos, retain: boolean): boolean {
  return (rights.bitsOf(topic) & publishBit(qos, retain)) !== 0
}

/** As mosquitto_passwd 2.0 writes it. */
function cheapHash(password: string): string {
  const salt = Buffer.from('twelve bytes')
  const hash = pbkdf2Sync(password, salt, 101, 64, 'sha512')
  return `$7$101$${salt.toString('base64')}$${hash.toString('base64')}`
}
