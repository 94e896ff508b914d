// The lockfile is whole and names no registry. A registry that lacks a package for another platform
// makes `npm install` leave it out of the lockfile, and `npm ci` then refuses the lot, everywhere.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

interface Entry {
  readonly resolved?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const ROOT = join(import.meta.dirname, '..')
const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Entry>
}

test('the lockfile has every optional package, also those for other platforms', () => {
  const missing = Object.values(packages)
    .flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
    .filter((name) => packages[`node_modules/${name}`] === undefined)
  assert.deepEqual(missing, [])
})

test('the lockfile names no registry', () => {
  const addresses = Object.values(packages)
    .map((entry) => entry.resolved)
    .filter((address) => address?.includes('://') === true)
  assert.deepEqual(addresses, [])
})
