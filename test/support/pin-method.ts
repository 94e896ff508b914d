// Two ways to log in for tests: the client names a user, the server asks for the PIN. `PIN` answers
// at once; `SLOW-PIN` thinks first, and fails where it is told `fail`. Users `u` and `v` have the
// PINs `p` and `q`.

import { Reason } from '../../src/base/reason.ts'
import type { AuthenticationMethod, AuthenticationStep, Credentials } from '../../src/core/ports.ts'

const PINS: ReadonlyMap<string, string> = new Map([
  ['u', 'p'],
  ['v', 'q'],
])

export const PIN_METHODS: ReadonlyMap<string, AuthenticationMethod> = new Map([
  ['PIN', pinMethod(false)],
  ['SLOW-PIN', pinMethod(true)],
])

function pinMethod(isSlow: boolean): AuthenticationMethod {
  return {
    start: (credentials) => {
      let user: string | undefined
      const next = (data: Uint8Array | undefined): AuthenticationStep => {
        const text = new TextDecoder().decode(data)
        if (text === 'fail') throw new Error('the method failed')
        // `u:p` proves all at once.
        const [name = '', pin] = user === undefined ? text.split(':') : [user, text]
        user = name
        if (pin === undefined) return { outcome: 'continue', data: bytes('pin?') }
        return judge(credentials, name, pin)
      }
      return { next: isSlow ? async (data) => next(data) : next }
    },
  }
}

function judge(credentials: Credentials, user: string, pin: string): AuthenticationStep {
  if (PINS.get(user) !== pin) {
    return { outcome: 'refused', reason: Reason.badUserNameOrPassword, text: 'wrong' }
  }
  const { clientId, address, front } = credentials
  const principal = { user, clientId, address, front }
  return { outcome: 'success', principal, data: bytes('welcome') }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
