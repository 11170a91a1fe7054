// Installs the peers that benches and interoperability tests run against, below .cache/ :
//
//   node scripts/peers.mjs python   real Jina 3.14.1 with DocArray v1, scikit-learn (a Python 3.11 environment)
//   node scripts/peers.mjs go       ghz, grpcurl and h2spec
//
// What is installed already is left alone. Exit code 1 with one line that says what is missing.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const cache = join(root, '.cache')

// Jina's setup.py needs pkg_resources, which later setuptools dropped.
const PYTHON_TOOLS = ['pip==26.3', 'wheel==0.48.0', 'setuptools==65.5.0']

const GO_TOOLS = {
  ghz: 'github.com/bojand/ghz/cmd/ghz@v0.120.0',
  grpcurl: 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3',
  // the newest version that Go can install: later ones break its rules for module paths
  h2spec: 'github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible',
}

const installers = { python: installPython, go: installGoTools }

main(process.argv.slice(2))

function main(names) {
  const unknown = names.filter((name) => !Object.hasOwn(installers, name))
  if (names.length === 0 || unknown.length > 0) fail('usage: node scripts/peers.mjs [python] [go]')
  for (const name of new Set(names)) installers[name]()
}

/** READY holds the hash of what it was made from, so a changed pin makes the environment anew. */
function installPython() {
  const environment = join(cache, 'jina-env')
  const ready = join(environment, 'READY')
  const requirements = join(root, 'bench', 'peers', 'requirements.txt')
  const wanted = createHash('sha256')
    .update(PYTHON_TOOLS.join('\n'))
    .update(readFileSync(requirements))
    .digest('hex')
  if (existsSync(ready) && readFileSync(ready, 'utf8').trim() === wanted) return say('python: ready')
  const python = process.env.PYTHON ?? 'python3.11'
  const version = output(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])
  if (version !== '3.11') {
    fail(
      `Jina 3.14.1 needs Python 3.11; \`${python}\` is ${version ?? 'not to be found'}. Install it or set PYTHON.`,
    )
  }
  say('python: making the environment in .cache/jina-env (a minute or two) …')
  rmSync(environment, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  run(python, ['-m', 'venv', environment])
  const inside = join(environment, 'bin', 'python')
  run(inside, ['-m', 'pip', 'install', '--quiet', ...PYTHON_TOOLS])
  run(inside, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--no-build-isolation', '-r', requirements])
  run(inside, [
    '-c',
    'import jina, sklearn; print(f"python: jina {jina.__version__}, scikit-learn {sklearn.__version__}")',
  ])
  writeFileSync(ready, `${wanted}\n`)
  say('python: ready')
}

function installGoTools() {
  const missing = Object.entries(GO_TOOLS).filter(([name]) => !existsSync(join(cache, 'bin', name)))
  if (missing.length === 0) return say('go: ready')
  if (output('go', ['version']) === undefined)
    fail('ghz, grpcurl and h2spec need Go: `go` is not to be found.')
  mkdirSync(join(cache, 'bin'), { recursive: true })
  for (const [name, module] of missing) {
    say(`go: building ${name} …`)
    run('go', ['install', module], { GOBIN: join(cache, 'bin') })
  }
  say('go: ready')
}

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, JINA_OPTOUT_TELEMETRY: '1', ...env },
  })
  if (error || status !== 0)
    fail(`failed: ${[command, ...args].join(' ')}${error ? ` (${error.message})` : ''}`)
}

function output(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

function say(line) {
  process.stdout.write(`${line}\n`)
}

function fail(line) {
  process.stderr.write(`${line}\n`)
  process.exit(1)
}
