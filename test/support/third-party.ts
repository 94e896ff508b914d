// Finds the programs of others that some tests play against (Mosquitto and its clients). It neither
// installs nor starts them: .ci/run installs, the tests start.

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program's path, or why the test that needs it is skipped. */
export type Program = { path: string; skip: false } | { path: undefined; skip: string }

// Debian puts servers here, and a plain user's PATH often leaves it out.
const SERVER_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/**
 * Looks for `name` in the path. A missing program skips the test on a developer's machine; in CI,
 * where everything is installed, it throws, so that no suite quietly shrinks.
 */
export function requireProgram(name: string, env: NodeJS.ProcessEnv = process.env): Program {
  const folders = [...(env['PATH'] ?? '').split(delimiter), ...SERVER_FOLDERS]
  for (const folder of folders) {
    const path = join(folder, name)
    if (isExecutable(path)) return { path, skip: false }
  }
  if (env['CI'] === 'true') throw new Error(`${name} is missing; .ci/run installs it`)
  return { path: undefined, skip: `${name} is not installed` }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
