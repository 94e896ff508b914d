// Every command, program and configuration that the documentation shows, run as it is printed: the
// pages' default ports in a network of their own, the program of a copy of this checkout. The page
// for Aedes' users has a test of its own.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { KEYS } from '../../src/config/schema.ts'
import { NetworkNamespace } from '../support/network-namespace.ts'
import { type Block, PageError, readManual, readPage, rowCommands } from '../support/page.ts'
import { type Desk, runPage } from '../support/page-run.ts'
import { requireProgram } from '../support/third-party.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const COPIED = ['bin', 'man', 'src', 'package.json', 'tsconfig.json', 'tsconfig.build.json']
const TESTED_ELSEWHERE = new Set(['from-aedes.md'])
const PROGRAMS = ['mosquitto_pub', 'mosquitto_sub', 'openssl', 'curl'] as const
const BOUNDED = { timeout: 200_000 }

const GUIDE = readdirSync(join(ROOT, 'docs', 'guide')).filter((name) => name.endsWith('.md'))
const PAGES = [
  ...['README.md', 'CONTRIBUTING.md', 'man/rameau.1'],
  ...GUIDE.filter((name) => !TESTED_ELSEWHERE.has(name)).map((name) => `docs/guide/${name}`),
]

function read(page: string): Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return page.endsWith('.md') ? readPage(page, text) : readManual(page, text)
}

/** Why a page cannot be run here, or false. */
function skipOf(blocks: readonly Block[]): string | false {
  const text = blocks
    .filter(({ notRun }) => notRun === undefined)
    .map((block) => `${block.text}${block.kind === 'table' ? rowCommands(block).join(';') : ''}`)
    .join('\n')
    .replaceAll('cert dev', 'cert dev # openssl')
  const missing = PROGRAMS.filter((name) => new RegExp(`\\b${name}\\b`).test(text))
    .map((name) => requireProgram(name).skip)
    .filter((why) => why !== false)
  return missing[0] ?? false
}

/** A checkout after `npm ci`, and a `rameau` in the path. */
class Checkout {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'rameau-docs-'))
  readonly #programs: string = join(this.folder, 'programs')
  readonly #root: string = join(this.folder, 'rameau')

  constructor() {
    for (const name of COPIED) {
      cpSync(join(ROOT, name), join(this.#root, name), { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.#root, 'node_modules'))
    mkdirSync(this.#programs)
    symlinkSync(join(this.#root, 'bin', 'rameau.js'), join(this.#programs, 'rameau'))
    // `npm ci` has been run, and without a network it could not be run again.
    const npm = requireProgram('npm').path ?? 'npm'
    const script = `#!/bin/sh\n[ "$1" = ci ] || exec '${npm}' "$@"\n`
    writeFileSync(join(this.#programs, 'npm'), script, { mode: 0o755 })
  }

  /** The readme is read at the root, every other page in a folder of its own. */
  deskFor(page: string, network: Desk['network']): Desk {
    const name = page.replaceAll('/', '-')
    const folder = page === 'README.md' ? this.#root : join(this.#root, 'pages', name)
    mkdirSync(folder, { recursive: true })
    const clean = Object.entries(process.env).filter(([key]) => !/^(RAMEAU|npm)_/.test(key))
    const path = [this.#programs, process.env['PATH'] ?? ''].join(delimiter)
    return { folder, network, env: { ...Object.fromEntries(clean), PATH: path } }
  }

  /** The package that `import 'rameau'` finds. */
  build(): void {
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: this.#root, stdio: 'pipe' })
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

describe('as printed', () => {
  let checkout: Checkout
  before(() => {
    checkout = new Checkout()
    const guides = PAGES.filter((page) => page !== 'README.md').flatMap(read)
    if (guides.some(({ text }) => /from 'rameau'/.test(text))) checkout.build()
  })
  after(() => checkout.remove())

  for (const page of PAGES) {
    test(page, BOUNDED, async (t) => {
      const blocks = read(page)
      for (const { place, notRun } of blocks) {
        if (notRun !== undefined) t.diagnostic(`not run: ${place}: ${notRun}`)
      }
      const skip = skipOf(blocks)
      if (skip !== false) return t.skip(skip)
      await using network = await NetworkNamespace.open()
      if (!network.isOwn) t.diagnostic('no network of its own: the ports of the machine are used')
      await runPage(blocks, checkout.deskFor(page, network))
    })
  }

  test('every npm script that a page names is there', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    for (const page of PAGES) {
      const text = readFileSync(join(ROOT, page), 'utf8')
      const named = [...text.matchAll(/\bnpm run ([a-z0-9]+)/g)].map(([, name = '']) => name)
      for (const name of named) assert.ok(name in scripts, `${page}: npm run ${name}`)
    }
  })

  test('every key of the configuration that a page names is there', () => {
    const keys = new Set(KEYS.map((path) => path.join('.')))
    const sections = new Set(KEYS.filter(({ length }) => length > 1).map(([first]) => first))
    let count = 0
    for (const page of PAGES) {
      const text = readFileSync(join(ROOT, page), 'utf8')
      for (const [, key = '', section] of text.matchAll(/`(([a-z]+)\.[A-Za-z.]+)(?:: [^`]*)?`/g)) {
        if (!sections.has(section)) continue
        count++
        assert.ok(keys.has(key), `${page}: ${key}`)
      }
    }
    assert.ok(count > 20, 'keys are found')
  })

  // [what is wrong, the page, what the failure says]
  const WRONG: readonly (readonly [string, string, RegExp])[] = [
    ['a command that fails', 'Do\n\n    true\n    false\n', /^Error: page\.md:3: /],
    ['a command that is not there', '```sh\nno-such-program\n```\n', /not found/],
    ['one that succeeds and should not', '<!-- ends: 2 -->\n\n    true\n', /0 !== 2/],
    ['other output than shown', '    echo a\n\n```text\nb\n```\n', /not printed: b/],
    ['other output than told', '    echo a\n\nprints `b`.\n', /not printed: b/],
    ['a subscriber that is refused', '    mosquitto_sub -p 1 -t a\n\nprints `a`\n', /refused/],
    ['a program that throws', "```js\nthrow new Error('oh')\n```\n", /Error: oh/],
    ['a program that prints else', '```js\nconsole.log(1)\n```\n\nprints `2`\n', /^Error: .*2: /],
    ['an import that is not there', "```js\nimport 'rameaux'\n```\n", /ERR_MODULE_NOT_FOUND/],
    ['a key that is not there', '```yaml\nlimts: {}\n```\n', /did you mean limits/],
    ['a server that does not start', '    rameau start --mqtt no\n', /port from 0/],
    ['a row of a table', '<!-- each: rameau config check {} -->\n\n| `--mqt 0` |\n', /unknown opt/],
  ]

  for (const [what, markdown, expected] of WRONG) {
    test(`noticed: ${what}`, BOUNDED, async (t) => {
      const blocks = readPage('page.md', markdown)
      assert.equal(blocks.length > 0, true)
      const skip = skipOf(blocks)
      if (skip !== false) return t.skip(skip)
      const inside = (command: readonly string[]): string[] => [...command]
      const desk = checkout.deskFor('planted', { inside })
      await assert.rejects(runPage(blocks, desk), expected)
    })
  }
})

test('nothing is left out without a reason', () => {
  assert.throws(() => readPage('page.md', 'So:\n\n```toml\na = 1\n```\n'), PageError)
  assert.throws(() => readPage('page.md', '<!-- not run -->\n\n    true\n'), PageError)
  assert.throws(() => readPage('page.md', '<!-- not run: so -->\n\nText.\n'), PageError)
  const [block] = readPage('page.md', '<!-- not run: needs root -->\n\n    reboot\n')
  assert.deepEqual([block?.place, block?.notRun], ['page.md:3', 'needs root'])
})
