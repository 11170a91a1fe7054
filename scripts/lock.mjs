// Writes package-lock.json from package.json:
//
//   npm run lock
//
// `npm install` leaves a platform's package out of the lock when the registry at hand does not serve it, and `npm ci`
// then refuses the whole lock, on every platform. So what is missing is written in by name: a package of another
// platform is skipped where it does not fit, and fetched where it does.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('../package-lock.json', import.meta.url))

const systems = 'aix android darwin freebsd linux netbsd openbsd openharmony sunos win32'.split(' ')
const processors = 'arm arm64 ia32 loong64 mips64el ppc64 ppc64le riscv64 s390x universal wasm32 x64'.split(
  ' ',
)

main()

function main() {
  const { status } = spawnSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], {
    stdio: 'inherit',
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  })
  if (status !== 0) process.exit(status ?? 1)
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const missing = missingPackages(lock.packages)
  Object.assign(lock.packages, missing)
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  process.stdout.write(`${Object.keys(missing).length} packages of other platforms written in by name\n`)
}

/** The optional packages that the lock asks for and does not have, as entries of a lock. */
function missingPackages(packages) {
  const missing = {}
  for (const entry of Object.values(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`
      if (packages[path]) continue
      missing[path] = { version, ...(entry.dev && { dev: true }), optional: true, ...platform(name) }
    }
  }
  return missing
}

/** What a platform's package says of its platform in its name: `@rollup/rollup-linux-arm-gnueabihf`. */
function platform(name) {
  const words = name.split(/[/-]/)
  const system = name === 'fsevents' ? 'darwin' : systems.find((each) => words.includes(each))
  const processor = processors.find((each) => words.includes(each))
  const libc = /musl/.test(name) ? 'musl' : system === 'linux' && /gnu/.test(name) ? 'glibc' : undefined
  if (!system && !processor) throw new Error(`${name} does not say in its name for which platform it is`)
  return {
    ...(processor && processor !== 'universal' && { cpu: [processor] }),
    ...(libc && { libc: [libc] }),
    ...(system && { os: [system] }),
  }
}
