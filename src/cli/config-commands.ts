// The sub-commands of `rameau config` and their flags. What they do is config's, which is loaded
// only when one of them runs.

import type { Command } from 'commander'
import { addStartFlags, type StartFlags } from './flags.ts'

/** `ended` takes the exit code. */
export function addConfigCommands(command: Command, ended: (code: number) => void): void {
  const check = command
    .command('check')
    .description('say what is wrong with it, or that it is fine')
  addStartFlags(check.argument('[file]', 'the same as --config')).action(
    async (file: string | undefined, flags: StartFlags) => {
      const { checkConfig } = await import('./config.ts')
      ended(await checkConfig(file, flags))
    },
  )
  const show = command.command('show').description('print what is in effect, and where it is from')
  addStartFlags(show.argument('[file]', 'the same as --config')).action(
    async (file: string | undefined, flags: StartFlags) => {
      const { showConfig } = await import('./config.ts')
      ended(await showConfig(file, flags))
    },
  )
  command
    .command('init')
    .description('write a file with every key and its default')
    .argument('[file]', 'where to (rameau.yaml)')
    .option('--force', 'replace a file that is there')
    .action(async (file: string | undefined, { force }: { force?: true }) => {
      const { initConfig } = await import('./config.ts')
      ended(await initConfig(file, force))
    })
}
