// Writes the schemas by which tests check exported files, below test/fixtures/schemas/ :
//
//   node scripts/schemas.mjs
//
// Kubernetes: the kinds that are exported and what they refer to, of three versions, from the PyPI package
// `kubernetes-validate` (needs pip and unzip). Compose: the schema of the Go module `compose-go` (needs go). Both are
// Apache-2.0. What only people read is left out.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const target = fileURLToPath(new URL('../test/fixtures/schemas/', import.meta.url))
const validate = 'kubernetes-validate==1.37.0'
const compose = 'github.com/compose-spec/compose-go/v2@v2.16.2'
const versions = ['1.29', '1.33', '1.37']
const kinds = {
  'v1/ConfigMap': 'io.k8s.api.core.v1.ConfigMap',
  'v1/Service': 'io.k8s.api.core.v1.Service',
  'v1/ServiceAccount': 'io.k8s.api.core.v1.ServiceAccount',
  'apps/v1/Deployment': 'io.k8s.api.apps.v1.Deployment',
  'apps/v1/StatefulSet': 'io.k8s.api.apps.v1.StatefulSet',
  'autoscaling/v2/HorizontalPodAutoscaler': 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  'rbac.authorization.k8s.io/v1/Role': 'io.k8s.api.rbac.v1.Role',
  'rbac.authorization.k8s.io/v1/RoleBinding': 'io.k8s.api.rbac.v1.RoleBinding',
  'policy/v1/PodDisruptionBudget': 'io.k8s.api.policy.v1.PodDisruptionBudget',
}

const folder = mkdtempSync(path.join(tmpdir(), 'schemas-'))
try {
  mkdirSync(target, { recursive: true })
  kubernetes()
  composeSpec()
} finally {
  rmSync(folder, { recursive: true })
}

function kubernetes() {
  run('pip', ['download', '--quiet', '--no-deps', '--dest', folder, validate])
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'))
  run('unzip', ['-q', path.join(folder, wheel), '-d', folder])
  for (const version of versions) {
    const file = `kubernetes_validate/kubernetes-json-schema/v${version}.0-local-strict/_definitions.json`
    const read = JSON.parse(readFileSync(path.join(folder, file), 'utf8'))
    const definitions = read.$defs ?? read.definitions
    save(`kubernetes-${version}.json`, { kinds, $defs: reachable(definitions) })
  }
}

/** The definitions of the kinds, and all that they refer to. */
function reachable(definitions) {
  const found = {}
  const visit = (name) => {
    if (found[name]) return
    if (!definitions[name]) throw new Error(`there is no definition ${name}`)
    found[name] = plain(definitions[name])
    for (const [, next] of JSON.stringify(found[name]).matchAll(/"#\/\$defs\/([^"]+)"/g)) visit(next)
  }
  for (const name of Object.values(kinds)) visit(name)
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Without words, extensions and formats that nobody checks; references to `$defs` of the same file. */
function plain(schema) {
  if (Array.isArray(schema)) return schema.map(plain)
  if (typeof schema !== 'object' || schema === null) return schema
  const entries = Object.entries(schema).flatMap(([key, value]) => {
    const isWords = key === 'description' && typeof value === 'string'
    const isExtra = key.startsWith('x-kubernetes-') || (key === 'format' && typeof value === 'string')
    if (isWords || isExtra) return []
    return [[key, key === '$ref' ? value.replace(/^.*#\/(definitions|\$defs)\//, '#/$defs/') : plain(value)]]
  })
  return Object.fromEntries(entries)
}

function composeSpec() {
  const env = { ...process.env, GOFLAGS: '-mod=mod' }
  writeFileSync(path.join(folder, 'go.mod'), 'module schemas\n\ngo 1.21\n')
  const { Dir } = JSON.parse(run('go', ['mod', 'download', '-json', compose], { cwd: folder, env }))
  const read = JSON.parse(readFileSync(path.join(Dir, 'schema', 'compose-spec.json'), 'utf8'))
  save('compose-spec.json', plain(read))
}

function save(name, schema) {
  writeFileSync(path.join(target, name), `${JSON.stringify(schema)}\n`)
}

function run(command, args, options = {}) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options })
}
