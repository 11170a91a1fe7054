// Writes from proto/ the file descriptors that server reflection hands out (src/wire/gen), and message classes of
// protobuf-es that the tests compare with (test/gen). The result is committed, so the tools (93 MB) are fetched only here.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

const root = fileURLToPath(new URL('..', import.meta.url))
const descriptorsFolder = join(root, 'src/wire/gen')
const classesFolder = join(root, 'test/gen')
const packages = ['@bufbuild/buf@1.75.0', '@bufbuild/protoc-gen-es@2.13.0', '@bufbuild/protobuf@2.17.0']
const header = '// Written by `npm run gen` from proto/. Do not edit.\n'

/** Roots of file names. Both variants have files of the same names, so each is a module of its own. */
const modules = ['docarray_v1', 'docarray_v2', 'grpc']
/** What the gateway serves; the descriptors of v2 would have the same names. */
const served = ['docarray_v1', 'grpc']

const work = mkdtempSync(join(tmpdir(), 'millrace-gen-'))
try {
  for (const folder of [descriptorsFolder, classesFolder]) rmSync(folder, { recursive: true, force: true })
  for (const name of modules) generate(name)
  writeDescriptors(served.map(build))
} finally {
  rmSync(work, { recursive: true, force: true })
}

function buf(...args) {
  const command = ['--yes', ...packages.flatMap((name) => ['--package', name]), '--', 'buf', ...args]
  execFileSync('npx', command, { cwd: work, stdio: ['ignore', 'inherit', 'inherit'] })
}

function generate(name) {
  const template = {
    version: 'v2',
    plugins: [
      {
        local: 'protoc-gen-es',
        out: join(classesFolder, name),
        opt: ['target=ts', 'import_extension=js', 'erasable_syntax=true'],
      },
    ],
  }
  buf('generate', join(root, 'proto', name), '--template', JSON.stringify(template))
}

function build(name) {
  const image = join(work, `${name}.binpb`)
  buf('build', join(root, 'proto', name), '--as-file-descriptor-set', '--exclude-source-info', '-o', image)
  return fromBinary(FileDescriptorSetSchema, readFileSync(image))
}

function writeDescriptors(sets) {
  const files = new Map(sets.flatMap((set) => set.file).map((file) => [file.name, file]))
  const lines = [...files.values()].map((file) => {
    const registry = createFileRegistry({
      $typeName: 'google.protobuf.FileDescriptorSet',
      file: [...files.values()],
    })
    const entry = {
      dependencies: file.dependency,
      symbols: symbolsOf(registry.getFile(file.name)),
      base64: Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString('base64'),
    }
    return `  ${JSON.stringify(file.name)}: ${JSON.stringify(entry)},\n`
  })
  const type =
    'Readonly<Record<string, { dependencies: readonly string[]; symbols: readonly string[]; base64: string }>>'
  mkdirSync(descriptorsFolder, { recursive: true })
  writeFileSync(
    join(descriptorsFolder, 'descriptors.ts'),
    `${header}\n/** File descriptors by file name: what they import, the full names they define, and a FileDescriptorProto. */\nexport const descriptors: ${type} = {\n${lines.join('')}}\n`,
  )
}

/** Full names of everything reflection may be asked for. */
function symbolsOf(file) {
  const symbols = []
  const message = (type) => {
    symbols.push(type.typeName, ...type.fields.map((field) => `${type.typeName}.${field.name}`))
    for (const value of type.nestedEnums) enumeration(value)
    for (const inner of type.nestedMessages) message(inner)
  }
  const enumeration = (type) => symbols.push(type.typeName)
  for (const type of file.messages) message(type)
  for (const type of file.enums) enumeration(type)
  for (const type of file.services) {
    symbols.push(type.typeName, ...type.methods.map((method) => `${type.typeName}.${method.name}`))
  }
  return symbols
}
