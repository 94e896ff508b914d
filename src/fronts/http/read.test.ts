// Conversations about one topic: reading its state, with conditions and ranges.

import { type Conversation, playConversations } from '../../../test/support/http-script.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const put = (body = '21', more = {}) =>
  ({ ask: 'PUT /topics/a', with: more, body, status: 201 }) as const

const READS: readonly Conversation[] = [
  [
    '[H-20] [R-10] [R-12] a state is read as it was put',
    [
      { ask: 'GET /topics/a', status: 404, problem: 'no-state' },
      { ...put('21.5', JSON_TYPE), fields: { etag: /^"\d+"$/, location: '/topics/a' }, text: '' },
      {
        ask: 'GET /topics/a',
        status: 200,
        text: '21.5',
        fields: {
          etag: '{2}',
          'content-type': 'application/json',
          'content-length': '4',
          'last-modified': /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/,
          'cache-control': 'private, no-cache',
          'accept-ranges': 'bytes',
          'mqtt-qos': '1',
          'mqtt-retain': '?1',
          'content-disposition': undefined,
        },
      },
    ],
  ],
  [
    '[H-2] HEAD has the fields of GET, and no content',
    [
      put('12345'),
      {
        ask: 'HEAD /topics/a',
        status: 200,
        text: '',
        fields: { etag: '{1}', 'content-length': '5', 'last-modified': /GMT$/ },
      },
      { ask: 'HEAD /topics/b', status: 404, text: '' },
    ],
  ],
  [
    '[H-10] [H-14] [R-8] content keeps its type, and runs nowhere',
    [
      { ...put('<script>', { 'content-type': 'text/html' }) },
      {
        ask: 'GET /topics/a',
        status: 200,
        fields: {
          'content-type': 'text/html',
          'x-content-type-options': 'nosniff',
          'content-security-policy': /sandbox/,
          'content-disposition': 'attachment',
        },
      },
      { ask: 'PUT /topics/b', body: new Uint8Array([1]), status: 201 },
      {
        ask: 'GET /topics/b',
        status: 200,
        fields: {
          'content-type': 'application/octet-stream',
          'mqtt-payload-format-indicator': undefined,
        },
      },
      { ask: 'PUT /topics/c', with: { 'content-type': 'no type at all' }, body: 'x', status: 201 },
      { ask: 'GET /topics/c', status: 200, fields: { 'content-type': 'application/octet-stream' } },
    ],
  ],
  [
    '[H-22] [H-23] [H-24] conditions on a read',
    [
      put(),
      { ask: 'GET /topics/a', with: { 'if-none-match': '{1}' }, status: 304, text: '' },
      {
        ask: 'GET /topics/a',
        with: { 'if-none-match': '"1", W/{1}' },
        status: 304,
        fields: { etag: '{1}', 'cache-control': 'private, no-cache', vary: 'Accept' },
      },
      { ask: 'GET /topics/a', with: { 'if-none-match': '*' }, status: 304 },
      { ask: 'GET /topics/a', with: { 'if-none-match': '"1"' }, status: 200 },
      { ask: 'GET /topics/a', with: { 'if-none-match': 'x' }, status: 400 },
      { ask: 'GET /topics/a', with: { 'if-match': '{1}' }, status: 200 },
      { ask: 'GET /topics/a', with: { 'if-match': '*' }, status: 200 },
      { ask: 'GET /topics/a', with: { 'if-match': '"1"' }, status: 412, problem: 'precondition' },
      { ask: 'GET /topics/a', with: { 'if-match': 'W/{1}' }, status: 412 },
      { ask: 'GET /topics/b', with: { 'if-match': '*' }, status: 404 },
      {
        ask: 'GET /topics/a',
        with: { 'if-modified-since': 'Sun, 01 Jan 2090 00:00:00 GMT' },
        status: 304,
      },
      {
        ask: 'GET /topics/a',
        with: { 'if-modified-since': 'Sunday, 06-Nov-94 08:49:37 GMT' },
        status: 200,
      },
      { ask: 'GET /topics/a', with: { 'if-modified-since': 'tomorrow' }, status: 200 },
      {
        ask: 'GET /topics/a',
        with: { 'if-none-match': '"1"', 'if-modified-since': 'Sun, 01 Jan 2090 00:00:00 GMT' },
        status: 200,
      },
      {
        ask: 'GET /topics/a',
        with: { 'if-unmodified-since': 'Sun Nov  6 08:49:37 1994' },
        status: 412,
      },
    ],
  ],
  [
    '[H-30] [H-32] [H-33] ranges',
    [
      put('0123456789', { 'content-type': 'text/plain' }),
      {
        ask: 'GET /topics/a',
        with: { range: 'bytes=2-4' },
        status: 206,
        text: '234',
        fields: { 'content-range': 'bytes 2-4/10', 'content-length': '3', etag: '{1}' },
      },
      { ask: 'GET /topics/a', with: { range: 'bytes=7-' }, status: 206, text: '789' },
      { ask: 'GET /topics/a', with: { range: 'bytes=-3' }, status: 206, text: '789' },
      { ask: 'GET /topics/a', with: { range: 'bytes=-99' }, status: 206, text: '0123456789' },
      { ask: 'GET /topics/a', with: { range: 'bytes=8-99' }, status: 206, text: '89' },
      { ask: 'GET /topics/a', with: { range: 'bytes=0-3,2-5' }, status: 206, text: '012345' },
      {
        ask: 'GET /topics/a',
        with: { range: 'bytes=10-' },
        status: 416,
        problem: 'range',
        fields: { 'content-range': 'bytes */10' },
      },
      { ask: 'GET /topics/a', with: { range: 'bytes=-0' }, status: 416 },
      { ask: 'GET /topics/a', with: { range: 'bytes=4-2' }, status: 200, text: '0123456789' },
      { ask: 'GET /topics/a', with: { range: 'lines=1-2' }, status: 200 },
      { ask: 'GET /topics/a', with: { range: 'bytes=a' }, status: 200 },
      { ask: 'GET /topics/a', with: { range: 'bytes=0-1', 'if-range': '{1}' }, status: 206 },
      { ask: 'GET /topics/a', with: { range: 'bytes=0-1', 'if-range': 'W/{1}' }, status: 200 },
      { ask: 'GET /topics/a', with: { range: 'bytes=0-1', 'if-range': '"1"' }, status: 200 },
      { ask: 'GET /topics/a', with: { range: 'bytes=0-1', 'if-none-match': '{1}' }, status: 304 },
      { ask: 'HEAD /topics/a', with: { range: 'bytes=0-1' }, status: 200 },
    ],
  ],
  [
    '[H-31] several ranges are several parts, too many are the whole',
    [
      put('0123456789'.repeat(10), { 'content-type': 'text/plain' }),
      {
        ask: 'GET /topics/a',
        with: { range: 'bytes=0-1, 5-6' },
        status: 206,
        fields: { 'content-type': `multipart/byteranges; boundary=${'b'.repeat(24)}` },
        text:
          `\r\n--${'b'.repeat(24)}\r\nContent-Type: text/plain\r\n` +
          'Content-Range: bytes 0-1/100\r\n\r\n01' +
          `\r\n--${'b'.repeat(24)}\r\nContent-Type: text/plain\r\n` +
          'Content-Range: bytes 5-6/100\r\n\r\n56' +
          `\r\n--${'b'.repeat(24)}--\r\n`,
      },
      {
        ask: 'GET /topics/a',
        with: {
          range: `bytes=${Array.from({ length: 30 }, (_, at) => `${at * 3}-${at * 3}`).join()}`,
        },
        status: 200,
      },
    ],
  ],
  [
    '[H-11] [R-7] what the client does not take is 406',
    [
      put('21', JSON_TYPE),
      { ask: 'GET /topics/a', with: { accept: 'text/html, */*;q=0.1' }, status: 200 },
      { ask: 'GET /topics/a', with: { accept: 'application/*' }, status: 200 },
      { ask: 'GET /topics/a', with: { accept: 'image/png' }, status: 406 },
      {
        ask: 'GET /topics/a',
        with: { accept: 'application/json;q=0, image/*' },
        status: 406,
        problem: 'not-acceptable',
      },
    ],
  ],
]

playConversations(READS)
