// The cluster of one node: nobody to tell, nobody to ask.

import type { Cluster } from '../core/ports.ts'

export const ALONE: Cluster = {
  announce: () => {},
  withdraw: () => {},
  forward: () => {},
  takeover: () => {},
}
