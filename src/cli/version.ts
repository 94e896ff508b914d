// The version of the package that runs, from its package.json.

import { readFileSync } from 'node:fs'

/** `0.1.0`. The file lies two folders up, from src/cli as from dist/cli. */
export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return parseVersion(JSON.parse(text))
}

function parseVersion(manifest: unknown): string {
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return hasVersion ? String(manifest.version) : 'unknown'
}
