// Leaves methods and accessors out of a bundle that never uses them: esbuild removes unused functions, but no members of classes.
import { readFileSync } from 'node:fs'
import path from 'node:path'

import ts from 'typescript'

/**
 * A plugin of esbuild. `unused` has the names of members by file below `folder`. Fails when a file has no such member, or when
 * the bundle uses one.
 */
export function withoutMembers(folder, unused) {
  const fileOf = (file) => path.relative(folder, file).split(path.sep).join('/')
  return {
    name: 'without-members',
    setup({ onLoad, onEnd }) {
      onLoad({ filter: /\.js$/ }, ({ path: file }) => {
        const names = unused[fileOf(file)]
        return names && { contents: blanked(readFileSync(file, 'utf8'), names) }
      })
      onEnd(({ outputFiles = [] }) => {
        const code = outputFiles.find(({ path: file }) => file.endsWith('.js'))?.text ?? ''
        const names = new Set(Object.values(unused).flat())
        // as a property or in a pattern, where texts have no such word; a name of typed arrays occurs anyway
        const isUsed = (name) => new RegExp(`[.{,]${name}\\b`).test(code) && !(name in Uint8Array.prototype)
        const used = [...names].filter(isUsed)
        return { errors: used.map((name) => ({ text: `${name} is left out of the bundle, which uses it.` })) }
      })
    },
  }
}

/** The text with spaces in place of the members, so that lines and columns stay those of a source map. */
function blanked(text, names) {
  const { statements } = ts.createSourceFile('file.js', text, ts.ScriptTarget.Latest)
  const members = statements.filter(ts.isClassDeclaration).flatMap((declared) => [...declared.members])
  const missing = names.find((name) => !members.some((member) => member.name?.text === name))
  if (missing !== undefined) throw new Error(`No class has a member ${missing} that could be left out.`)
  return members
    .filter((member) => names.includes(member.name?.text))
    .reduce(
      (left, { pos, end }) => left.slice(0, pos) + left.slice(pos, end).replace(/\S/g, ' ') + left.slice(end),
      text,
    )
}
