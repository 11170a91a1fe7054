// Installs the peers that benches and interoperability tests run against, below .cache/ :
//
//   node scripts/peers.mjs python   real Jina 3.14.1 with DocArray v1, scikit-learn (a Python 3.11 environment)
//   node scripts/peers.mjs docarray-v2   real Jina 3.34 with DocArray v2 (a Python 3.11 environment)
//   node scripts/peers.mjs go       ghz, grpcurl and h2spec
//   node scripts/peers.mjs schemathesis   (a Python 3.11 environment)
//   node scripts/peers.mjs autobahn   Autobahn|Testsuite (for Python 2.7)
//   node scripts/peers.mjs websockets   (a Python 3.11 environment)
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

const installers = {
  python: () =>
    installPython({
      name: 'python',
      folder: 'jina-env',
      requirements: join(root, 'bench', 'peers', 'requirements.txt'),
      tools: PYTHON_TOOLS,
      options: ['--no-build-isolation'],
      show: 'import jina, sklearn; print(f"python: jina {jina.__version__}, scikit-learn {sklearn.__version__}")',
    }),
  'docarray-v2': () =>
    installPython({
      name: 'docarray-v2',
      folder: 'docarray-v2-env',
      requirements: join(root, 'test', 'interop', 'docarray-v2-requirements.txt'),
      tools: PYTHON_TOOLS,
      options: ['--no-build-isolation'],
      show: 'import jina, docarray; print(f"docarray-v2: jina {jina.__version__}, docarray {docarray.__version__}")',
    }),
  schemathesis: () =>
    installPython({
      name: 'schemathesis',
      folder: 'schemathesis-env',
      requirements: join(root, 'test', 'http', 'requirements.txt'),
      tools: ['pip==26.3'],
      options: [],
      show: 'from importlib.metadata import version; print("schemathesis:", version("schemathesis"))',
    }),
  autobahn: installAutobahn,
  websockets: () =>
    installPython({
      name: 'websockets',
      folder: 'websockets-env',
      requirements: join(root, 'test', 'http', 'websocket-callers', 'requirements.txt'),
      tools: ['pip==26.3'],
      options: [],
      show: 'import websockets; print("websockets:", websockets.__version__)',
    }),
  go: installGoTools,
}

main(process.argv.slice(2))

function main(names) {
  const unknown = names.filter((name) => !Object.hasOwn(installers, name))
  if (names.length === 0 || unknown.length > 0)
    fail(
      `usage: node scripts/peers.mjs ${Object.keys(installers)
        .map((name) => `[${name}]`)
        .join(' ')}`,
    )
  for (const name of new Set(names)) installers[name]()
}

/** READY holds the hash of what it was made from, so a changed pin makes the environment anew. */
function installPython({ name, folder, requirements, tools, options, show }) {
  const environment = join(cache, folder)
  const ready = join(environment, 'READY')
  const wanted = createHash('sha256')
    .update(tools.join('\n'))
    .update(readFileSync(requirements))
    .digest('hex')
  if (existsSync(ready) && readFileSync(ready, 'utf8').trim() === wanted) return say(`${name}: ready`)
  const python = process.env.PYTHON ?? 'python3.11'
  const version = output(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])
  if (version !== '3.11') {
    fail(
      `These programs need Python 3.11; \`${python}\` is ${version ?? 'not to be found'}. Install it or set PYTHON.`,
    )
  }
  say(`${name}: making the environment in .cache/${folder} (a minute or two) …`)
  rmSync(environment, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  run(python, ['-m', 'venv', environment])
  const inside = join(environment, 'bin', 'python')
  run(inside, ['-m', 'pip', 'install', '--quiet', ...tools])
  run(inside, ['-m', 'pip', 'install', '--quiet', '--no-deps', ...options, '-r', requirements])
  run(inside, ['-c', show])
  writeFileSync(ready, `${wanted}\n`)
  say(`${name}: ready`)
}

/** Into a folder, not an environment: Python 2.7 has no `venv`. PYTHON says by which program it was installed. */
function installAutobahn() {
  const requirements = join(root, 'test', 'http', 'autobahn-requirements.txt')
  const folder = join(cache, 'autobahn')
  const ready = join(folder, 'READY')
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  if (existsSync(ready) && readFileSync(ready, 'utf8').trim() === wanted) return say('autobahn: ready')
  const pyenv = output('pyenv', ['prefix', '2.7'])
  const candidates = [process.env.PYTHON2 ?? 'python2.7', ...(pyenv ? [join(pyenv, 'bin', 'python2.7')] : [])]
  const python = candidates.find((each) => output(each, ['-c', 'print(27)']) === '27')
  if (python === undefined)
    fail('Autobahn|Testsuite needs Python 2.7: `python2.7` is not to be found. Install it or set PYTHON2.')
  say('autobahn: installing into .cache/autobahn …')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps']
  run(python, [...pip, '--target', folder, '-r', requirements])
  writeFileSync(join(folder, 'PYTHON'), python)
  writeFileSync(ready, `${wanted}\n`)
  say('autobahn: ready')
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
