import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { controlFolder, foldersToSearch, type Surroundings } from './folder.js'

const uid = process.getuid!()
let temporary: string
let from: Surroundings

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'm-'))
  chmodSync(temporary, 0o1777)
  from = { runtimeDir: undefined, temporary, uid }
})
afterEach(() => rmSync(temporary, { recursive: true }))

const ours = (): string => join(temporary, `millrace-${uid}`)

describe('the folder of control sockets', () => {
  it('is made in the temporary folder for this user only', () => {
    expect(controlFolder(from)).toBe(ours())
    expect(lstatSync(ours()).mode & 0o777).toBe(0o700)
    expect(controlFolder(from)).toBe(ours())
    expect(foldersToSearch(from)).toEqual([ours()])
  })

  it("is in the user's runtime folder when that is private; both are searched", () => {
    const runtimeDir = mkdtempSync(join(temporary, 'run-'))
    controlFolder(from)
    expect(controlFolder({ ...from, runtimeDir })).toBe(join(runtimeDir, 'millrace'))
    expect(foldersToSearch({ ...from, runtimeDir })).toEqual([join(runtimeDir, 'millrace'), ours()])
  })

  it.each(['relative', '/nowhere/at/all'])('is not in the runtime folder %s', (runtimeDir) => {
    expect(controlFolder({ ...from, runtimeDir })).toBe(ours())
  })

  it('is not in a runtime folder that others may enter', () => {
    const runtimeDir = mkdtempSync(join(temporary, 'run-'))
    chmodSync(runtimeDir, 0o755)
    expect(controlFolder({ ...from, runtimeDir })).toBe(ours())
  })

  it.each([
    [
      'a symbolic link, also to a folder of ours',
      () => {
        mkdirSync(join(temporary, 'other'), { mode: 0o700 })
        symlinkSync(join(temporary, 'other'), ours())
      },
      'symbolic link',
    ],
    ['a file', () => writeFileSync(ours(), ''), 'something else'],
    [
      'a folder that others may enter',
      () => {
        mkdirSync(ours())
        chmodSync(ours(), 0o750)
      },
      'mode 750',
    ],
  ])('is refused when it is %s', (_, prepare, message) => {
    prepare()
    expect(() => controlFolder(from)).toThrow(message)
    expect(foldersToSearch(from)).toEqual([])
  })

  it("is refused when it is another user's", () => {
    mkdirSync(join(temporary, `millrace-${uid + 1}`), { mode: 0o700 })
    // what belongs to us is somebody else's there; the parent must be root's then, or it is refused for that
    expect(() => controlFolder({ ...from, uid: uid + 1 })).toThrow(/belongs to/)
  })

  it('is not made where others may rename it', () => {
    chmodSync(temporary, 0o777)
    expect(() => controlFolder(from)).toThrow('sticky')
    expect(() => lstatSync(ours())).toThrow('ENOENT')
  })

  it('is refused on a system without users', () => {
    expect(() => controlFolder({ ...from, uid: -1 })).toThrow('users')
    expect(foldersToSearch({ ...from, uid: -1 })).toEqual([])
  })
})
