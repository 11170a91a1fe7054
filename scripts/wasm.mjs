// Compiles src/indexer/wasm/*.wat into src/indexer/wasm/modules.ts. With --check writes nothing and fails when modules.ts
// is out of date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import wabt from 'wabt'

const folder = fileURLToPath(new URL('../src/indexer/wasm', import.meta.url))
const target = path.join(folder, 'modules.ts')

const compiler = await wabt()
const files = readdirSync(folder).filter((name) => name.endsWith('.wat'))
const content = [
  '// Written by `npm run gen:wasm` from the .wat files beside it. Do not edit.',
  ...files.sort().map((name) => `\nexport const ${path.parse(name).name} =\n  '${compiled(name)}'`),
  '',
].join('\n')

if (!process.argv.includes('--check')) writeFileSync(target, content)
else if (readFileSync(target, 'utf8') !== content) {
  console.error('src/indexer/wasm/modules.ts is out of date: run `npm run gen:wasm`.')
  process.exitCode = 1
}

function compiled(name) {
  const module = compiler.parseWat(name, readFileSync(path.join(folder, name), 'utf8'), { simd: true })
  module.validate()
  return Buffer.from(module.toBinary({ write_debug_names: false }).buffer).toString('base64')
}
