/**
 * Python 3.11's `str.lower()` and regular-expression `\w`, which define scikit-learn's tokens. Python 3.11 uses Unicode
 * 14; Node's tables are newer, so characters added later are excluded here. `test/interop/tfidf.test.ts` compares every
 * code point with a real Python.
 */

/** Code points unassigned in Unicode 14 that are, or may become, letters, numbers or marks that affect casing. */
const later =
  '88f 892-897 c5b-c5c cd7-cdc ece-ecf 1acf-1aff 1c89-1c8f a7cb-a7cf a7d2 a7d4 a7da-a7f1 105bd-105ff 10940-1097f ' +
  '10d3a-10e5f 10eb2-10eff 1123f-1127f 11375-113ff 116ca-116ff 11af9-11bff 11daa-11edf 11ef9-11faf 1342f 13439-143ff ' +
  '14647-167ff 16b90-16e3f 16e9b-16eff 16ff2-16fff 187f8-187ff 18cd6-18cff 18d09-1afef 1b123-1b14f 1b153-1b163 ' +
  '1bca4-1ceff 1d246-1d2df 1df1f-1dfff 1e02b-1e0ff 1e300-1e7df 2b739-2b73f 2cea2-2ceaf 2ebe1-2f7ff 3134b-e0000'

const LATER = `[${later.replace(/[0-9a-f]+/g, '\\u{$&}').replaceAll(' ', '')}]`

/** Python's `str.isalnum()` or `_`: letters and numbers of every kind, but no combining marks. */
const WORD = `[[\\p{L}\\p{N}_]--${LATER}]`

/** U+0295 was still a lower-case letter and U+1171E a nonspacing mark in Unicode 14. */
const IGNORABLE = `[[\\p{Case_Ignorable}\\u{1171e}]--${LATER}]`
const CASED = `[[\\p{Cased}\\u{295}]--${LATER}--\\p{Case_Ignorable}]`

const words = new RegExp(`${WORD}{2,}`, 'gv')
const laterCharacters = new RegExp(LATER, 'v')
const charactersOfPython = new RegExp(`[^${LATER}]+`, 'gv')
const finalSigma = new RegExp(`(?<=${CASED}${IGNORABLE}*)Σ(?!${IGNORABLE}*${CASED})`, 'gv')

/**
 * The matches of `(?u)\b\w\w+\b`, scikit-learn's default token pattern: runs of two or more word characters. Both `\b`
 * always match at the ends of such a run.
 */
export function pythonWords(text: string): Iterable<string> {
  return text.match(words) ?? []
}

/** Python's `text.lower()`. */
export function pythonLower(text: string): string {
  // ICU would apply the newest tables to Σ, so the rule for the last letter of a word is applied here
  const sigmas = text.includes('Σ') ? text.replace(finalSigma, 'ς').replaceAll('Σ', 'σ') : text
  if (!laterCharacters.test(sigmas)) return sigmas.toLowerCase()
  return sigmas.replace(charactersOfPython, (part) => part.toLowerCase())
}
