// The sub-commands of `rameau cert` and their flags. What they do is cert's, which is loaded only
// when one of them runs.

import { type Command, InvalidArgumentError } from 'commander'
import type { CertFlags } from './cert.ts'
import { isHost } from './hosts.ts'

/** `ended` takes the exit code. */
export function addCertCommands(command: Command, ended: (code: number) => void): void {
  command
    .command('dev')
    .description('make an authority and a server certificate for development')
    .argument('[folder]', 'where to (certs)')
    .option('--host <name>', 'one more name or address of the server; may be repeated', collect)
    .option('--force', 'replace files that are there')
    .action(async (folder: string | undefined, flags: CertFlags) => {
      const { certDev } = await import('./cert.ts')
      ended(await certDev(folder, flags))
    })
}

function collect(value: string, before: readonly string[] = []): string[] {
  if (isHost(value)) return [...before, value]
  throw new InvalidArgumentError('It must be the name or the address of a machine.')
}
