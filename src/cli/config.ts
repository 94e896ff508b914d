// `rameau config check|show|init`: looks at a configuration, or writes the first one, and starts
// nothing. What is wrong is said as `rameau start` says it.

import { AccessFileError } from '../access/file-error.ts'
import type { Config } from '../config/config.ts'
import { ConfigError, type Layer } from '../config/layer.ts'
import { type Sources, toConfig, toLayers } from '../config/load.ts'
import { writeEffective, writeInitial } from '../config/write.ts'
import { openAccess } from './access.ts'
import { type StartFlags, toSources } from './flags.ts'
import { FileError, readIfThere, replaceFile } from './replace-file.ts'
import { Exit, refuse, unusable } from './start.ts'
import { readTlsFiles, TlsFileError } from './tls-files.ts'

/** Where `init` writes, and the first place where `start` looks. */
const FILE = 'rameau.yaml'

interface Read {
  readonly sources: Sources
  readonly layers: readonly Layer[]
  readonly config: Config
}

/** Resolves with 0 where `start` would find nothing wrong before it opens its ports, else 2. */
export function checkConfig(file: string | undefined, flags: StartFlags): Promise<Exit> {
  return withConfig(file, flags, async ({ config }) => {
    const problems = unusable(config)
    if (problems.length > 0) return refuse(problems, Exit.usage)
    for (const { tls } of config.listeners) if (tls !== undefined) readTlsFiles(tls)
    await openAccess(config)
    console.log('fine')
    return Exit.fine
  })
}

/** Prints what is in effect. */
export function showConfig(file: string | undefined, flags: StartFlags): Promise<Exit> {
  return withConfig(file, flags, ({ config, layers, sources }) => {
    process.stdout.write(writeEffective(config, layers, sources.ports))
    return Exit.fine
  })
}

async function withConfig(
  file: string | undefined,
  flags: StartFlags,
  use: (read: Read) => Exit | Promise<Exit>,
): Promise<Exit> {
  try {
    const sources = toSources(file === undefined ? flags : { ...flags, config: file }, process.env)
    const layers = toLayers(sources)
    return await use({ sources, layers, config: toConfig(layers, sources.ports) })
  } catch (error) {
    if (error instanceof ConfigError) return refuse(error.problems, Exit.usage)
    if (error instanceof TlsFileError || error instanceof AccessFileError)
      return refuse([error.message], Exit.usage)
    throw error
  }
}

/** Writes a file with every key, all at their defaults. */
export async function initConfig(file: string = FILE, force = false): Promise<Exit> {
  try {
    if (!force && (await readIfThere(file)) !== undefined) {
      return refuse([`${file} is there already: --force replaces it`], Exit.failure)
    }
    await replaceFile(file, writeInitial())
  } catch (error) {
    if (error instanceof FileError) return refuse([error.message], Exit.failure)
    throw error
  }
  console.log(`wrote ${file}`)
  return Exit.fine
}
