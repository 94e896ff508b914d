// The sub-commands of `rameau store` and their flags. What they do is in store.ts and
// store-transfer.ts, which are loaded only when one of them runs.

import type { Command } from 'commander'
import type { StoreFlags } from './store-place.ts'

/** `ended` takes the exit code. */
export function addStoreCommands(command: Command, ended: (code: number) => void): void {
  addPlace(command.command('check'))
    .description('read everything, and say what is damaged')
    .action(async (flags: StoreFlags) => {
      const { checkStore } = await import('./store.ts')
      ended(await checkStore(flags))
    })
  addPlace(command.command('stat'))
    .description('say what it holds')
    .option('--json', 'as JSON')
    .action(async (flags: StoreFlags & { json?: true }) => {
      const { showFigures } = await import('./store.ts')
      ended(await showFigures(flags, flags.json === true))
    })
  addPlace(command.command('export'))
    .description('write all of it as lines of JSON')
    .argument('[file]', 'where to; - is the standard output', '-')
    .action(async (file: string, flags: StoreFlags) => {
      const { exportStore } = await import('./store-transfer.ts')
      ended(await exportStore(file, flags))
    })
  addPlace(command.command('import'))
    .description('make a store of what export wrote')
    .argument('[file]', 'where from; - is the standard input', '-')
    .action(async (file: string, flags: StoreFlags) => {
      const { importStore } = await import('./store-transfer.ts')
      ended(await importStore(file, flags))
    })
}

function addPlace(command: Command): Command {
  return command
    .option('--data <dir>', 'folder of the store (./rameau-data)')
    .option('--config <file>', 'configuration file that names the folder')
}
