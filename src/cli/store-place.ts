// Which data directory the commands of `rameau store` mean, and what is said where it is not one.

import { systemClock } from '../base/clock.ts'
import { StoreOpenError } from '../base/errors.ts'
import { ConfigError } from '../config/layer.ts'
import { loadConfig } from '../config/load.ts'
import { setImmediateScheduler as scheduler } from '../net/scheduler.ts'
import type { ReadingOptions } from '../storage/reading.ts'
import { toSources } from './flags.ts'
import { Exit, refuse } from './start.ts'

/** Where the store lies; as for `rameau start`. */
export interface StoreFlags {
  readonly data?: string
  readonly config?: string
}

/**
 * Gives `use` the directory that the flags, the environment and the configuration name. Resolves
 * with 2 where they are not right, or there is no store, or one that is in use or of another
 * format; with 1 where the store or a file cannot be read or written.
 */
export async function withDirectory(
  flags: StoreFlags,
  use: (place: ReadingOptions) => Promise<Exit>,
): Promise<Exit> {
  try {
    const { data, config } = flags
    const given = { ...(data === undefined ? {} : { data }) }
    const { data: directory } = loadConfig(
      toSources(config === undefined ? given : { ...given, config }, process.env),
    )
    return await use({ directory, clock: systemClock, scheduler })
  } catch (error) {
    if (error instanceof ConfigError) return refuse(error.problems, Exit.usage)
    // Of the system or the store: it says what was wrong with what.
    if (!(error instanceof Error && 'code' in error)) throw error
    const isUsage = error instanceof StoreOpenError && error.code !== 'ERR_STORE_UNREADABLE'
    return refuse([error.message], isUsage ? Exit.usage : Exit.failure)
  }
}
