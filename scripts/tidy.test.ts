// Tidy itself: every rule must catch its planted violation and nothing else, and must let a clean
// file of the same kind pass. A check that finds nothing looks just like a clean house.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tidy } from './tidy.ts'
import { checkFile, RULES } from './tidy/rules.ts'
import { parseSource } from './tidy/source.ts'

const HEAD = '// A sample.\n'

/** Rule, path, text of a planted violation: on the second line, or the first for a whole file. */
const PLANTS: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['layer', 'src/base/a.ts', "import { b } from '../core/b.ts'"],
  ['layer', 'src/codec/mqtt/a.ts', "import type { Message } from '../../core/message.ts'"],
  ['layer', 'src/core/a.ts', "import { decode } from '../codec/mqtt/decode.ts'"],
  ['layer', 'src/core/a.ts', "import { createServer } from '../server.ts'"],
  ['layer', 'src/core/a.ts', "export type T = import('../session/session.ts').Session"],
  ['layer', 'src/session/a.ts', "import { encode } from '../codec/mqtt/encode.ts'"],
  ['layer', 'src/session/a.ts', "import { raw } from '../../test/support/raw-client.ts'"],
  ['layer', 'src/fronts/mqtt/a.ts', "import { MemoryStore } from '../../storage/memory.ts'"],
  ['layer', 'src/fronts/http/a.ts', "import { dialect } from '../mqtt/dialect.ts'"],
  ['layer', 'src/storage/a.ts', "import { Session } from '../session/session.ts'"],
  ['layer', 'src/net/a.ts', "import { Hub } from '../core/hub.ts'"],
  ['layer', 'src/client/a.ts', "import { Hub } from '../core/hub.ts'"],
  ['layer', 'src/config/a.ts', "import { Front } from '../fronts/mqtt/front.ts'"],
  ['layer', 'src/cli/a.ts', "const tcp = await import('../net/tcp.ts')"],
  ['layer', 'src/server.ts', "import { start } from './cli/start.ts'"],
  ['layer', 'src/index.ts', "import { start } from './cli/start.ts'"],
  ['layer', 'src/odds/a.ts', ''],
  ['package', 'src/core/a.ts', "import { join } from 'node:path'"],
  ['package', 'src/fronts/mqtt/a.ts', "import { z } from 'zod'"],
  ['layer', 'src/access/a.ts', "import { Session } from '../session/session.ts'"],
  ['package', 'src/access/rules.ts', "import { readFile } from 'node:fs/promises'"],
  ['clock', 'src/access/hash-scram.ts', 'const salt = randomBytes(16)'],
  ['socket', 'src/cli/a.ts', "import { connect } from 'node:net'"],
  ['socket', 'src/client/reconnect.ts', "import { connect } from 'tls'"],
  ['file-length', 'test/a.ts', '\n'.repeat(500)],
  ['function-length', 'bench/a.ts', `function long() {${'\n'.repeat(70)}}`],
  ['function-length', 'test/a.test.ts', `test('long', () => {${'\n'.repeat(70)}})`],
  ['columns', 'scripts/a.ts', `// ${'–'.repeat(98)}`],
  ['file-name', 'src/core/topic-utils.ts', ''],
  ['file-name', 'test/support/helper.ts', ''],
  ['name', 'src/core/a.ts', 'class SessionManager {}'],
  ['name', 'src/core/a.ts', 'const topicUtils = 1'],
  ['name', 'src/core/a.ts', 'interface ClientInfo {}'],
  ['name', 'src/core/a.ts', 'function f(userData: string) {}'],
  ['name', 'src/core/a.ts', 'class A { #treeImpl = 1 }'],
  ['name', 'src/core/a.ts', 'function processPacket() {}'],
  ['name', 'src/core/a.ts', 'class A { doFlush() {} }'],
  ['name', 'src/core/a.ts', 'const handleThing = () => 1'],
  ['name', 'src/core/a.ts', 'function handlePublisher() {}'],
  ['version', 'src/core/a.ts', 'if (version === 5) f()'],
  ['version', 'src/fronts/mqtt/a.ts', 'const old = packet.version < 5'],
  ['version', 'src/session/a.ts', 'if (5 !== this.#version) f()'],
  ['version', 'src/fronts/mqtt/a.ts', 'switch (protocolVersion) {}'],
  ['clock', 'src/core/a.ts', 'setTimeout(f, 1)'],
  ['clock', 'src/session/a.ts', 'globalThis.setImmediate(f)'],
  ['clock', 'src/session/a.ts', 'const at = Date.now()'],
  ['clock', 'src/storage/a.ts', 'const at = new Date()'],
  ['clock', 'src/server.ts', 'const at = performance.now()'],
  ['clock', 'src/core/a.ts', 'const id = Math.random()'],
  ['clock', 'src/core/a.ts', 'const id = globalThis.crypto.randomUUID()'],
  ['clock', 'src/base/turn.ts', 'const later = queueMicrotask'],
  ['node-global', 'src/codec/mqtt/a.ts', 'const empty = Buffer.alloc(0)'],
  ['node-global', 'src/base/a.ts', 'process.exit(1)'],
  ['leftover', 'test/a.ts', '/* TODO: more */'],
  ['leftover', 'src/net/a.ts', '// FIXME'],
  ['test-mark', 'test/a.test.ts', "test.only('a', f)"],
  ['test-mark', 'src/core/a.test.ts', "describe.skip('a', f)"],
  ['test-mark', 'test/a.test.ts', "test('a', { skip: true }, f)"],
  ['test-mark', 'test/a.test.ts', "it('a', { todo: 'later' }, f)"],
  ['inheritance', 'src/net/a.ts', 'class Tcp extends EventEmitter {}'],
  ['barrel', 'src/core/a.ts', "export * from './b.ts'"],
  ['barrel', 'src/core/a.ts', "export { b } from './b.ts'"],
]

/** The nearest harmless neighbours of the plants: none of them may be reported. */
const CLEAN: readonly (readonly [path: string, text: string])[] = [
  ['src/codec/mqtt/a.ts', "import { Reason } from '../../base/reason.ts'\nif (version === 5) f()"],
  ['src/session/a.ts', "import { Hub } from '../core/hub.ts'\nconst words = 'version === 5'"],
  ['src/access/hash-bytes.ts', "import { randomBytes } from 'node:crypto'\nrandomBytes(1)"],
  ['src/fronts/mqtt/dialect.ts', 'const isOld = version < 5'],
  ['src/fronts/mqtt/a.ts', 'function handlePublish() {}\nfunction handleConnectAgain() {}'],
  ['src/core/a.ts', 'clock.setTimeout(f)\nconst text = "Buffer"\nconst at = new Date(1)'],
  ['src/core/a.ts', "stream.on('data', f)\nconst data = { process: 1 }\nf(data.process)"],
  [
    'src/core/a.ts',
    'interface Publish { correlationData: Uint8Array }\nclass A extends TypeError {}',
  ],
  ['src/core/a.test.ts', "import { join } from 'node:path'\nsetTimeout(f, 1)"],
  ['src/base/clock.ts', 'const clock = { now: () => performance.now() }'],
  ['src/net/a.ts', "import { createServer } from 'node:net'\nsetImmediate(f)"],
  ['src/client/transport-tcp.ts', "import { connect } from 'node:net'"],
  [
    'src/config/a.ts',
    "import { z } from 'zod'\nimport type { S } from '../fronts/mqtt/settings.ts'",
  ],
  ['src/cli/a.ts', "import { createServer } from '../server.ts'\nconst at = Date.now()"],
  [
    'src/server.ts',
    "import { Tcp } from './net/tcp.ts'\nimport { Front } from './fronts/mqtt/front.ts'",
  ],
  ['src/index.ts', "export { createServer } from './server.ts'"],
  [
    'test/a.test.ts',
    "test('a', { skip: reason }, f)\nt.skip('no Mosquitto')\nconst o = { only: true }",
  ],
  ['test/a.test.ts', `describe('long', () => {${'\n'.repeat(70)}})`],
  ['bench/a.ts', `function fits() {${'\n'.repeat(69)}}`],
  ['test/a.ts', '\n'.repeat(499)],
  ['scripts/a.ts', `// ${'–'.repeat(97)}`],
]

for (const [rule, path, text] of PLANTS) {
  test(`${rule} is caught: ${path}: ${brief(text)}`, () => {
    const findings = tidy(new Map([[path, `${HEAD}${text}`]]))
    assert.deepEqual(
      findings.map((finding) => [finding.rule, finding.path]),
      [[rule, path]],
    )
    const isWhole = rule.startsWith('file-') || text === ''
    assert.equal(findings[0]?.line, isWhole ? 1 : 2)
  })
}

for (const [path, text] of CLEAN) {
  test(`a clean file passes: ${path}: ${brief(text)}`, () => {
    assert.deepEqual(tidy(new Map([[path, `${HEAD}${text}`]])), [])
  })
}

test('a file of the product without an opening comment is caught', () => {
  const text = "import { a } from './a.ts'\n"
  assert.deepEqual(rulesOf([['src/core/b.ts', text]]), ['header'])
  assert.deepEqual(rulesOf([['src/core/b.test.ts', text]]), [])
  assert.deepEqual(rulesOf([['src/core/b.ts', `/** B. */\n${text}`]]), [])
})

test('an import cycle is caught once, and a diamond is none', () => {
  const a: [string, string] = ['src/core/a.ts', `${HEAD}import { b } from './b.ts'`]
  const b: [string, string] = ['src/core/b.ts', `${HEAD}import { c } from './c.ts'`]
  const back: [string, string] = ['src/core/c.ts', `${HEAD}import type { A } from './a.ts'`]
  const down: [string, string] = ['src/core/c.ts', `${HEAD}import { d } from './d.ts'`]
  const top: [string, string] = ['src/core/t.ts', `${HEAD}import './a.ts'\nimport './b.ts'`]
  assert.deepEqual(rulesOf([a, b, back]), ['cycle'])
  assert.deepEqual(rulesOf([top, a, b, down]), [])
})

test('every rule for one file has a plant', () => {
  const planted = new Set([...PLANTS.map(([rule]) => rule), 'header'])
  assert.deepEqual(
    Object.keys(RULES).filter((rule) => !planted.has(rule)),
    [],
  )
})

test('what cannot be parsed is an error and not a clean file', () => {
  assert.throws(
    () => checkFile(parseSource('src/core/a.ts', '// A.\nconst = 1')),
    /src\/core\/a.ts/,
  )
})

/** The beginning of a sample on one line, for a test's title. */
function brief(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 60)
}

function rulesOf(files: readonly (readonly [string, string])[]): string[] {
  return tidy(new Map(files)).map(({ rule }) => rule)
}
