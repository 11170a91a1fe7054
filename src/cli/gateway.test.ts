import { describe, expect, it } from 'vitest'
import { parseGateway } from './gateway.js'

const graph = '{"a":["b"],"start-gateway":["a"],"b":["end-gateway"]}'
const addresses = '{"a":["a:8081"],"b":["grpc://b-rep-0:8081","b-rep-1:8082"]}'
const args = (more: readonly string[] = [], table = addresses, description = graph): string[] => [
  ...['--graph-description', description, '--deployments-addresses', table],
  ...more,
]

describe('the arguments of a gateway', () => {
  it('are those that Jina writes into its exports', () => {
    const jina = ['--k8s-namespace', 'ns', '--expose-endpoints', '{}', '--host', '0', '--uses', 'GRPCGateway']
    const { flow, stages } = parseGateway(args([...jina, '--port', '12345', '--port-monitoring', '64213']))
    expect(flow).toEqual({ name: 'gateway', host: '0.0.0.0', port: [12345] })
    expect(stages).toEqual([
      {
        ...{ name: 'a', needs: ['gateway'], floating: false, external: true },
        ...{ host: ['a'], port: [8081], tls: false },
      },
      {
        ...{ name: 'b', needs: ['a'], floating: false, external: true },
        ...{ host: ['b-rep-0', 'b-rep-1'], port: [8081, 8082], tls: false },
      },
    ])
  })

  it('may have branches, a join, and stages that no answer waits for', () => {
    const branched = {
      ...{ log: ['more'], more: [], end: ['end-gateway', 'log'] },
      ...{ 'start-gateway': ['a', 'b'], a: ['end'], b: ['end'] },
    }
    const servers = Object.fromEntries(['a', 'b', 'end', 'log', 'more'].map((name) => [name, [`${name}:1`]]))
    const { stages } = parseGateway(args([], JSON.stringify(servers), JSON.stringify(branched)))
    expect(stages.map(({ name, needs, floating }) => [name, needs, floating])).toEqual([
      ['a', ['gateway'], false],
      ['b', ['gateway'], false],
      ['end', ['a', 'b'], false],
      ['log', ['end'], true],
      ['more', ['log'], true],
    ])
  })

  it('say that names are looked up again', () => {
    const { stages } = parseGateway(args(['--discover', '--retries', '2']))
    expect(stages[0]).toMatchObject({ discover: 'dns', retries: 2 })
  })

  it('take several ports and protocols after one name, as Jina does, and one name each', () => {
    const lists = parseGateway(args(['--port', '1', '2', '--protocol', 'GRPC', 'GRPC', '--retries', '1']))
    expect(lists.flow).toMatchObject({ port: [1, 2], protocol: ['grpc', 'grpc'] })
    const each = parseGateway(args(['--port', '1', '--port=2']))
    expect(each.flow).toMatchObject({ port: [1, 2] })
  })

  it('say which files TLS uses, in names of Jina too', () => {
    expect(parseGateway(args(['--tls-cert', 'c', '--tls-key', 'k'])).flow).toMatchObject({
      tls: { cert: 'c', key: 'k' },
    })
    const jinas = [
      '--ssl-certfile',
      'c',
      '--ssl-keyfile',
      'k',
      '--tls-ca',
      'a',
      '--client-certificate',
      'request',
    ]
    expect(parseGateway(args(jinas)).flow).toMatchObject({
      tls: { cert: 'c', key: 'k', ca: 'a', clientCertificate: 'request' },
    })
  })

  it('say where tokens are, once', () => {
    expect(parseGateway(args(['--token-env', 'TOKENS'])).flow).toMatchObject({
      auth: { bearer: { env: 'TOKENS' } },
    })
    expect(parseGateway(args(['--token-file', 't'])).flow).toMatchObject({ auth: { bearer: { file: 't' } } })
    expect(parseGateway(args(['--token-verify', './a.js'])).flow).toMatchObject({
      auth: { bearer: { verify: './a.js' } },
    })
    expect(() => parseGateway(args(['--token-env', 'A', '--token-file', 'b']))).toThrow(/exclude each other/)
  })

  it('say how often callers may call, and which proxies are believed', () => {
    const { flow } = parseGateway(args(['--rate-per-second', '0.5', '--trust-proxy', '10.0.0.0/8', '::1']))
    expect(flow).toMatchObject({ rateLimit: { perSecond: 0.5 }, trustProxy: ['10.0.0.0/8', '::1'] })
    const all = ['--rate-per-second', '50', '--rate-burst', '200', '--rate-by', 'header:x-tenant']
    expect(parseGateway(args(all)).flow).toMatchObject({
      rateLimit: { perSecond: 50, burst: 200, by: { header: 'x-tenant' } },
    })
    const token = parseGateway(args(['--rate-per-second', '1', '--rate-by', 'token', '--trust-proxy', '2']))
    expect(token.flow).toMatchObject({ rateLimit: { by: 'token' }, trustProxy: 2 })
    expect(parseGateway(args(['--trust-proxy', 'true'])).flow).toMatchObject({ trustProxy: true })
    expect(parseGateway(args()).flow).not.toHaveProperty('trustProxy')
  })

  it('name a module of routes', () => {
    const { flow } = parseGateway(args(['--protocol', 'HTTP', '--routes', './routes.js']))
    expect(flow).toMatchObject({ http: { routes: './routes.js' } })
  })

  it('name the headers that are forwarded to every server', () => {
    const named = parseGateway(args(['--forward-headers', 'x-user', 'x-tenant']))
    expect(named.stages.map(({ forwardHeaders }) => forwardHeaders)).toEqual([
      ['x-user', 'x-tenant'],
      ['x-user', 'x-tenant'],
    ])
    expect(parseGateway(args(['--forward-headers', 'all'])).stages[0]).toMatchObject({
      forwardHeaders: 'all',
    })
  })

  it('know addresses with TLS and of IPv6', () => {
    const { stages } = parseGateway(args([], '{"a":["grpcs://[::1]:443"],"b":["b:1"]}'))
    expect(stages[0]).toMatchObject({ host: ['::1'], port: [443], tls: true })
  })

  const wrong: [string, string[], RegExp][] = [
    ['no graph', [], /--graph-description is missing/],
    ['a graph that is none', args([], addresses, '[]'), /must be a JSON object/],
    ['an empty graph', args([], addresses, '{}'), /'start-gateway' must have a list/],
    ['no stage', args([], addresses, '{"start-gateway":["end-gateway"]}'), /no stage in it/],
    ['a name that is no stage', args([], addresses, '{"start-gateway":["a","b"]}'), /'a' must have a list/],
    [
      'two ends',
      args([], addresses, '{"start-gateway":["a","b"],"a":["end-gateway"],"b":["end-gateway"]}'),
      /end-gateway must be behind one stage, and it is behind a and b/,
    ],
    ['no end', args([], addresses, '{"start-gateway":["a"],"a":[]}'), /it is behind none/],
    [
      'a circle',
      args([], addresses, '{"start-gateway":["a"],"a":["b","end-gateway"],"b":["a"]}'),
      /circle: 'a' needs 'b' needs 'a'/,
    ],
    [
      'a stage beside the way',
      args([], addresses, '{"start-gateway":["a"],"a":["end-gateway"],"c":["a"]}'),
      /stage 'c' needs no stage/,
    ],
    ['a stage without addresses', args([], '{"a":["a:1"]}'), /no list of addresses for 'b'/],
    ['an address without a port', args([], '{"a":["a"],"b":["b:1"]}'), /'a' of 'a' is no address/],
    ['an address of HTTP', args([], '{"a":["http://a:1"],"b":["b:1"]}'), /is no address/],
    ['two kinds of addresses', args([], '{"a":["a:1","grpcs://a:2"],"b":["b:1"]}'), /grpc:\/\/ all/],
    ['another protocol', args(['--protocol', 'SOCKETS']), /--protocol must be GRPC or HTTP or WEBSOCKET/],
    [
      'another class',
      args(['--uses', 'MyGateway']),
      /--uses must be GRPCGateway or HTTPGateway or WebSocketGateway/,
    ],
    ['a burst without a rate', args(['--rate-burst', '5']), /need --rate-per-second/],
    [
      'a rate that is none',
      args(['--rate-per-second', 'fast']),
      /must be a number, such as 50 or 0\.2, not 'fast'/,
    ],
    [
      'another key of a rate',
      args(['--rate-per-second', '1', '--rate-by', 'ip']),
      /must be address, token or header:NAME, not 'ip'/,
    ],
    ['a value that no option takes', args(['--retries', '1', '2']), /'2' is one argument too many/],
  ]
  it.each(wrong)('are refused: %s', (_name, given, message) => {
    expect(() => parseGateway(given)).toThrow(message)
  })
})
