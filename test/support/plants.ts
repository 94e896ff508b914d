// Plants a fault into one source file as it is loaded: replaces one exact statement. Tests of the
// tests: a suite or a simulation that does not notice a plant is too weak. The source on disk stays
// as it is, and knows nothing of this.

import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

export interface Plant {
  readonly name: string
  /** Relative to the repository. */
  readonly file: string
  /** What stands there, exactly once. */
  readonly find: string
  readonly replace: string
}

const ROOT = new URL('../../', import.meta.url)

/** From now on every module loaded by this thread has the plant. Fails where it cannot be set. */
export function plant(fault: Plant): void {
  const url = new URL(fault.file, ROOT).href
  registerHooks({
    load: (loaded, context, nextLoad) => {
      const result = nextLoad(loaded, context)
      if (loaded !== url) return result
      const { source } = result
      if (source === undefined || source === null) throw new PlantError(fault, 'has no source')
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source)
      return { ...result, source: planted(fault, text) }
    },
  })
}

/** The source with the plant in it. */
export function planted(fault: Plant, source: string): string {
  const parts = source.split(fault.find)
  if (parts.length !== 2) throw new PlantError(fault, `is there ${parts.length - 1} times`)
  if (fault.find === fault.replace) throw new PlantError(fault, 'is replaced by itself')
  return parts.join(fault.replace)
}

/** Fails where one of the plants does not fit the source any more. */
export function checkPlants(faults: readonly Plant[]): void {
  for (const fault of faults) {
    planted(fault, readFileSync(fileURLToPath(new URL(fault.file, ROOT)), 'utf8'))
  }
}

export class PlantError extends Error {
  readonly code = 'ERR_PLANT'

  constructor(fault: Plant, what: string) {
    super(`plant "${fault.name}": in ${fault.file} the statement ${what}:\n${fault.find}`)
  }
}
