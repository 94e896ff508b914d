// The public API.

export type { Clock, Timer } from './base/clock.ts'
export { Reason } from './base/reason.ts'
export type { Accept, Wire, WireEnd } from './base/wire.ts'
export { ALLOW_ALL, denyAll } from './core/access.ts'
export type { Limits } from './core/limits.ts'
export type {
  Access,
  Authentication,
  Credentials,
  Log,
  LogFields,
  Principal,
} from './core/ports.ts'
export type { MqttSettings } from './fronts/mqtt/settings.ts'
export { createServer, type Holdings, type Server, type ServerOptions } from './server.ts'
