// The other side of the generator: how a load's process gets its order and gives its answer.

import { once } from 'node:events'

/** Says that all is prepared, and resolves when the server's figures are being taken. */
export async function begin(): Promise<void> {
  process.send?.('begun')
  await once(process, 'message')
}

/** The generator ends the process once it has what it wants to know of the server. */
export function answer(measured: object): void {
  process.send?.(measured)
}

export function ordered<T>(parse: (order: unknown) => T): T {
  return parse(JSON.parse(process.argv[2] ?? ''))
}
