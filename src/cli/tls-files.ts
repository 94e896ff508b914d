// Reads the files of a listener's certificate and says in one line what is wrong with them. What a
// certificate is used for is net's.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { whyUnreadable } from '../base/errors.ts'
import type { TlsFiles } from '../config/config.ts'

/** Something about the files is wrong; the message begins with the file. */
export class TlsFileError extends Error {
  readonly code = 'ERR_TLS_FILE'
}

/** What the files hold, as the server takes it. */
export interface TlsContents {
  readonly cert: string
  readonly key: string
  readonly ca: string | undefined
  readonly requireClientCertificate: boolean
  /** When the certificate ends, in ms of wall time. */
  readonly endsAtMs: number
}

/** Throws {@link TlsFileError}. */
export function readTlsFiles(files: TlsFiles): TlsContents {
  const cert = read(files.cert)
  const key = read(files.key)
  const ca = files.ca === undefined ? undefined : read(files.ca)
  const certificate = certificateIn(files.cert, cert)
  if (!certificate.checkPrivateKey(keyIn(files.key, key))) {
    throw new TlsFileError(`${files.key}: the key does not fit the certificate in ${files.cert}`)
  }
  if (files.ca !== undefined && ca !== undefined) certificateIn(files.ca, ca)
  return {
    cert,
    key,
    ca,
    requireClientCertificate: files.requireClientCertificate,
    endsAtMs: Date.parse(certificate.validTo),
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    throw new TlsFileError(`${file}: cannot be read: ${whyUnreadable(error)}`, { cause: error })
  }
}

/** The first certificate. */
function certificateIn(file: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch (error) {
    throw new TlsFileError(`${file}: holds no certificate (PEM)`, { cause: error })
  }
}

function keyIn(file: string, text: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch (error) {
    const isLocked = text.includes('ENCRYPTED')
    const what = isLocked ? 'the key has a passphrase, take it off' : 'holds no private key (PEM)'
    throw new TlsFileError(`${file}: ${what}`, { cause: error })
  }
}
