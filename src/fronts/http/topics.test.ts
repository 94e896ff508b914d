// Conversations about one topic: writing, conditions, properties, refusals.

import { type Conversation, playConversations } from '../../../test/support/http-script.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const put = (body = '21', more = {}) =>
  ({ ask: 'PUT /topics/a', with: more, body, status: 201 }) as const
const ALLOWED = 'GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS'

const WRITES: readonly Conversation[] = [
  [
    'PUT answers 201 first and 204 after, with the new version',
    [
      { ...put('1'), fields: { etag: /^"\d+"$/ } },
      { ask: 'PUT /topics/a', body: '2', status: 204, fields: { location: undefined }, text: '' },
      { ask: 'GET /topics/a', status: 200, text: '2', fields: { etag: '{2}' } },
    ],
  ],
  [
    '[H-3] [R-3] what is no PUT',
    [
      { ask: 'PUT /topics/a', body: '', status: 400, problem: 'empty-retained' },
      { ...put('1', { 'content-range': 'bytes 0-0/2' }), status: 400 },
      {
        ...put('1', { 'content-encoding': 'gzip' }),
        status: 415,
        fields: { 'accept-encoding': 'identity' },
      },
      { ask: 'GET /topics/a', status: 404 },
    ],
  ],
  [
    '[R-4] POST is an event and changes no state',
    [
      { ask: 'POST /topics/a', body: 'x', status: 204, fields: { etag: undefined }, text: '' },
      { ask: 'POST /topics/a?qos=0', body: 'x', status: 202 },
      { ask: 'POST /topics/a?qos=2', body: 'x', status: 204 },
      { ask: 'POST /topics/a', with: { 'mqtt-qos': '0' }, body: '', status: 202 },
      { ask: 'GET /topics/a', status: 404 },
    ],
  ],
  [
    '[H-5] DELETE takes the state away, and may be said again',
    [
      put(),
      { ask: 'DELETE /topics/a', status: 204, text: '' },
      { ask: 'GET /topics/a', status: 404 },
      { ask: 'DELETE /topics/a', status: 204 },
      put(),
    ],
  ],
  [
    '[R-11] [H-22] compare and set',
    [
      { ...put('1', { 'if-none-match': '*' }) },
      { ...put('2', { 'if-none-match': '*' }), status: 412, problem: 'precondition' },
      { ...put('3', { 'if-match': '{1}' }), status: 204 },
      { ...put('4', { 'if-match': '{1}' }), status: 412 },
      { ...put('5', { 'if-match': 'W/{3}' }), status: 412 },
      { ...put('6', { 'if-none-match': '{3}' }), status: 412 },
      { ...put('7', { 'if-match': 'x' }), status: 400 },
      { ask: 'POST /topics/a', with: { 'if-match': '{1}' }, body: 'x', status: 412 },
      { ask: 'POST /topics/a', with: { 'if-match': '{3}' }, body: 'x', status: 204 },
      { ask: 'DELETE /topics/a', with: { 'if-match': '{1}' }, status: 412 },
      { ask: 'GET /topics/a', status: 200, text: '3', fields: { etag: '{3}' } },
      { ask: 'DELETE /topics/a', with: { 'if-match': '"1", {3}' }, status: 204 },
      { ask: 'DELETE /topics/a', with: { 'if-match': '*' }, status: 412 },
      { ask: 'PUT /topics/a', with: { 'if-match': '"1"' }, body: 'x', status: 412 },
    ],
  ],
  [
    'a condition may name the tag of a converted form',
    [
      put('1'),
      { ask: 'GET /topics/a', status: 200 },
      { ask: 'PUT /topics/a', with: { 'if-match': '"0.json"' }, body: '2', status: 412 },
    ],
  ],
  [
    '[H-60] Prefer: return',
    [
      {
        ...put('1', { prefer: 'return=representation', 'content-type': 'text/plain' }),
        text: '1',
        fields: { 'preference-applied': 'return=representation', 'content-type': 'text/plain' },
      },
      {
        ...put('2', { prefer: 'wait=5, return="representation"' }),
        status: 200,
        text: '2',
        fields: { etag: /^"\d+"$/, 'last-modified': /GMT$/ },
      },
      {
        ...put('3', { prefer: 'return=minimal, return=representation' }),
        status: 204,
        text: '',
        fields: { 'preference-applied': 'return=minimal' },
      },
    ],
  ],
  [
    '[H-8] [R-5] PATCH by a merge patch',
    [
      {
        ask: 'PATCH /topics/a',
        with: { 'content-type': 'application/merge-patch+json' },
        body: '{}',
        status: 404,
      },
      put('{"on":true,"level":3,"color":{"r":1,"g":2}}', JSON_TYPE),
      {
        ask: 'PATCH /topics/a',
        with: { 'content-type': 'application/merge-patch+json', 'if-match': '{2}' },
        body: '{"level":4,"on":null,"color":{"g":null,"b":0},"__proto__":{"x":1}}',
        status: 204,
        fields: { etag: /^"\d+"$/ },
      },
      {
        ask: 'GET /topics/a',
        status: 200,
        text: '{"level":4,"color":{"r":1,"b":0},"__proto__":{"x":1}}',
        fields: { etag: '{3}', 'content-type': 'application/json' },
      },
      {
        ask: 'PATCH /topics/a',
        with: { 'content-type': 'application/merge-patch+json', 'if-match': '{2}' },
        body: '{"level":5}',
        status: 412,
      },
      {
        ask: 'PATCH /topics/a',
        with: { 'content-type': 'application/json' },
        body: '{}',
        status: 415,
        fields: { 'accept-patch': 'application/merge-patch+json, application/json-patch+json' },
      },
      {
        ask: 'PATCH /topics/a',
        with: { 'content-type': 'application/merge-patch+json' },
        body: '{',
        status: 400,
      },
    ],
  ],
  [
    '[H-8] PATCH by a JSON patch, all or nothing',
    [
      put('{"list":[1,2]}', JSON_TYPE),
      {
        ask: 'PATCH /topics/a',
        with: { 'content-type': 'application/json-patch+json', prefer: 'return=representation' },
        body: '[{"op":"test","path":"/list/0","value":1},{"op":"add","path":"/list/-","value":3}]',
        status: 200,
        text: '{"list":[1,2,3]}',
      },
      {
        ask: 'PATCH /topics/a',
        with: { 'content-type': 'application/json-patch+json' },
        body: '[{"op":"remove","path":"/list"},{"op":"test","path":"/x","value":1}]',
        status: 409,
        problem: 'conflict',
      },
      { ask: 'GET /topics/a', status: 200, text: '{"list":[1,2,3]}' },
    ],
  ],
  [
    '[H-8] a PATCH that would change a number elsewhere, or of what is no JSON, is refused',
    [
      put('{"id":12345678901234567890,"n":1.50}', JSON_TYPE),
      {
        ask: 'PATCH /topics/a',
        with: { 'content-type': 'application/merge-patch+json' },
        body: '{"x":1}',
        status: 409,
      },
      { ask: 'PUT /topics/b', body: 'hello', status: 201 },
      {
        ask: 'PATCH /topics/b',
        with: { 'content-type': 'application/merge-patch+json' },
        body: '{"x":1}',
        status: 409,
      },
    ],
  ],
]

const PROPERTIES: readonly Conversation[] = [
  [
    '[R-6] properties of MQTT go both ways',
    [
      put('{}', {
        'content-type': 'application/json',
        'mqtt-message-expiry': '60',
        'mqtt-response-topic': 'r%2F%C3%A4',
        'mqtt-correlation-data': ':AP8=:',
        'mqtt-user-property': '"a"="b",  "a"="q\\"\\\\" , %"%c3%a4"=""',
      }),
      {
        ask: 'GET /topics/a',
        status: 200,
        fields: {
          'mqtt-message-expiry': '60',
          'cache-control': 'private, max-age=60',
          'mqtt-response-topic': 'r%2F%C3%A4',
          'mqtt-correlation-data': ':AP8=:',
          'mqtt-user-property': '"a"="b", "a"="q\\"\\\\", %"%c3%a4"=""',
          'mqtt-payload-format-indicator': '1',
        },
      },
    ],
  ],
  [
    'what says nothing, or something else twice, is refused',
    [
      ...[
        { 'mqtt-qos': '3' },
        { 'mqtt-message-expiry': '-1' },
        { 'mqtt-message-expiry': '4294967296' },
        { 'mqtt-payload-format-indicator': '2' },
        { 'mqtt-response-topic': 'a/+' },
        { 'mqtt-response-topic': '%ff' },
        { 'mqtt-correlation-data': 'AP8=' },
        { 'mqtt-correlation-data': ':*:' },
        { 'mqtt-user-property': 'a=b' },
        { 'mqtt-user-property': '"a"="b",' },
        { 'mqtt-user-property': '"a"' },
        { 'mqtt-user-property': '%"%ff"="b"' },
        { 'mqtt-user-property': '%"%00"="b"' },
      ].map((more) => ({ ...put('1', more), status: 400, problem: 'request-invalid' })),
      { ask: 'PUT /topics/a?qos=0', with: { 'mqtt-qos': '1' }, body: '1', status: 400 },
      { ask: 'PUT /topics/a?qso=0', body: '1', status: 400 },
      { ask: 'POST /topics/a?reply', body: '1', status: 400 },
      { ask: 'PUT /topics/a?qos=0', with: { 'mqtt-qos': '0' }, body: '1', status: 201 },
    ],
  ],
  [
    '[U5-13] a payload that is not the text that it says is refused',
    [
      {
        ask: 'PUT /topics/a',
        with: { 'mqtt-payload-format-indicator': '1' },
        body: new Uint8Array([0xff]),
        status: 422,
        problem: 'payload-format',
      },
    ],
  ],
  [
    'a state that expires at once is not there',
    [
      { ask: 'PUT /topics/a?expiry=0', body: '1', status: 201 },
      { ask: 'GET /topics/a', status: 404 },
    ],
  ],
  [
    'properties too long for a field are left out, and named',
    [
      put('1', { 'mqtt-user-property': `"${'a'.repeat(3000)}"="${'b'.repeat(3000)}"` }),
      {
        ask: 'GET /topics/a',
        status: 200,
        fields: { 'mqtt-user-property': undefined, 'mqtt-omitted': 'mqtt-user-property' },
      },
    ],
  ],
]

const REFUSALS: readonly Conversation[] = [
  [
    '[H-6] [H-7] methods',
    [
      { ask: 'OPTIONS /topics/a', status: 204, fields: { allow: ALLOWED, 'accept-patch': /json/ } },
      {
        ask: 'TRACE /topics/a',
        status: 405,
        problem: 'method-not-allowed',
        fields: { allow: ALLOWED },
      },
      { ask: 'PROPFIND /topics/a', status: 405, fields: { allow: ALLOWED } },
    ],
  ],
  [
    'topics of the server are read and not written',
    [
      { ask: 'PUT /topics/$SYS/x', body: '1', status: 403, problem: 'not-authorized' },
      { ask: 'POST /topics/$x', body: '1', status: 403 },
      { ask: 'DELETE /topics/$SYS/x', status: 403 },
      { ask: 'GET /topics/$SYS/x', status: 404 },
    ],
  ],
  [
    '[R-13] problems in plain text for who takes nothing else',
    [
      {
        ask: 'GET /topics/a',
        with: { accept: 'text/plain' },
        status: 404,
        fields: { 'content-type': 'text/plain; charset=utf-8' },
        text: 'The topic has no state: nothing is retained there\n',
      },
    ],
  ],
  [
    'what is too large is 413, also together with its properties',
    [
      { ...put('x'.repeat(101)), status: 413, problem: 'payload-too-large' },
      { ...put('x'.repeat(90), { 'mqtt-user-property': '"a"="b"' }), status: 413 },
      put('x'.repeat(70)),
    ],
    { limits: { packetBytesMax: 100 } },
  ],
  [
    'a full memory for states is 429',
    [
      { ...put('x'.repeat(2000)), status: 429, problem: 'quota', fields: { 'retry-after': '1' } },
      put('x'),
    ],
    { limits: { retainedBytesMax: 1000 } },
  ],
  [
    'what the server does not offer is 422',
    [
      { ...put(), status: 422, problem: 'retain-not-supported' },
      { ask: 'POST /topics/a?qos=1', body: '1', status: 422, problem: 'qos-not-supported' },
      { ask: 'POST /topics/a', body: '1', status: 202 },
    ],
    { qosMax: 0, retainAvailable: false },
  ],
]

const REPEATED: readonly Conversation[] = [
  [
    '[R-70] a key makes one request of several',
    [
      { ...put('1', { 'idempotency-key': 'k', 'if-none-match': '*' }) },
      { ...put('1', { 'idempotency-key': 'k', 'if-none-match': '*' }), fields: { etag: '{1}' } },
      {
        ...put('2', { 'idempotency-key': 'k', 'if-none-match': '*' }),
        status: 422,
        problem: 'key-used',
      },
      { ...put('1', { 'idempotency-key': 'k' }), status: 422 },
      { ask: 'PUT /topics/b', with: { 'idempotency-key': 'k' }, body: '1', status: 201 },
      { ...put('1', { 'idempotency-key': 'l', 'if-match': '"1"' }), status: 412 },
      { ...put('3', { 'idempotency-key': 'l', 'if-match': '{1}' }), status: 204 },
      { ...put('1', { 'idempotency-key': ' ' }), status: 400 },
    ],
  ],
]

playConversations([...WRITES, ...PROPERTIES, ...REFUSALS, ...REPEATED])
