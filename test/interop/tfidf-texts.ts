import type { Random } from '../../examples/scale-out/corpus/random.js'

/** Texts that break tokenizers, each for a different reason. */
export const handmade: readonly string[] & string[] = [
  '',
  ' \n\t\r\v\f\u0085\u00a0\u2028\u3000',
  'The quick brown fox, the QUICK brown dog; a I x 42 7 3.14 _private __init__ snake_case',
  "don't e-mail foo@bar.com C++ 100% #tag $5.00 x² H₂O ½ cup №5 Ⅷ ⅷ ①②",
  'Größe GRÖSSE straße STRASSE ẞ ß naïve café cafe\u0301 CAFÉ Ångström A\u030angstro\u0308m \u212bngstro\u0308m',
  'İstanbul ISTANBUL ıstanbul i\u0307stanbul İİ Iİ \u212aelvin ſet ﬁnal ﬀ ǅungla ǈ',
  'ΟΔΥΣΣΕΥΣ ὈΔΥΣΣΕΎΣ ΣΑΣ Σ ΑΣ. ΑΣ\u0301 ΑΣΑ ΑΣ’Α ΑΣ\u00adΑ \u03a3\u0345 ΤΑΣ·ΤΑΣ ʕΣ ΑΣʕ Α\u{1171e}Σ',
  '東京都 大阪 京 中文分词测试 한국어 텍스트 한 日本語、テキスト。 ｶﾀｶﾅ ＦＵＬＬ ｗｉｄｔｈ １２３',
  'हिन्दी भाषा नमस्ते ภาษาไทย தமிழ் বাংলা ಕನ್ನಡ ລາວ မြန်မာ ខ្មែរ',
  'العَرَبِيَّة ١٢٣ ۴۵۶ עִבְרִית १२३ ๑๒๓ 𝟏𝟐𝟑 ௧௨ ፩፪ 〇〡〢',
  'zero\u200bwidth zero\u200cwidth zero\u200dwidth zero\u2060width \ufeffbom soft\u00adhyphen word\u180ejoin',
  '👩‍👩‍👧‍👦 🇩🇪 ok👍🏽ok 🤖 x😀y ab😀cd ❤️ 1️⃣ 12️⃣',
  '𐐀𐐁𐐨𐐩 𝓗𝓮𝓵𝓵𝓸 𝕬𝕭 𠜎𠜱𠝹 𠮷野家 𐌰𐌱 𞤀𞤁𞤢 \u{1f1e6}\u{1f1e7}',
  'ｚｚ 𐐨𐐩 \ue000\ue001 zz éé ﷺﷺ ab\u{10ffff}cd \uffff\ufffe \ufffdx',
  'abcdefghij abcdefghijk abcdefghijkl abcdefghi abcdefghijé abcdé abcdè abcdez zzzzzzzzzz zzzzzzzzzzz',
  'lone \ud800 high\ud83dlow\udc00ends \udfff\udfff ab\udc00\ud800cd',
  'nul\u0000byte bell\u0007 del\u007f esc\u001b[31m c1\u0080\u009f',
  'ªº µµ ʰʰ ˈˈ ͅͅ ⁰¹²³ ₀₁ ⒶⒷ ⓐⓑ 🄰🄱 ㊀㊁ ㍿ ﹍﹎ ‿⁀ ＿＿ a‿b',
  'later \u088f\u088f \u1c89\u1c89 \ua7cb\ua7cb \u{10d50}\u{10d51} \u{16ea0}\u{16ea1} \u{31350}\u{31351} \u{1e030}\u{1e031} Α\u{1e030}Σ',
  'Ꭰꭰ ᏸᏸ Ა ა ᲐᲑ აბ ⰀⰁ ⴀⴁ Ѐѐ ДА да Ԥԥ Ẁẁ ỲỲ ᾈᾀ ᾼᾳ ΐΐ',
]

const pools: readonly (readonly string[])[] = [
  Array.from('abcxyzABCXYZ019_'),
  Array.from(' \n\t.,;:!?-\'"()/@'),
  Array.from('éèüößÅçñÿÐþªºµ×÷²½'),
  Array.from('\u0301\u0308\u0345\u0307\u20dd\u0e31\u093f\ufe0f\u{1171e}'),
  Array.from('ΑΒΣΣΣαβσςΌ'),
  Array.from('İıiIſK\u212a\u212bǅǆẞßﬁŉǰ'),
  Array.from('東京都中文한국어カタ々〆'),
  Array.from('١٢٣०१२๑๒௧௨Ⅷⅷ①½²₂𝟏𝟐'),
  Array.from('\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u2028\u00a0'),
  Array.from('😀👍🏽🇩🇪❤'),
  Array.from('𐐀𐐨𝓗𝕬𠜎𞤀𞤢𐌰'),
  Array.from('\ue000ｚＺ﷐\uffff\ufffdﷺ'),
  ['\ud800', '\udc00', '\udfff'],
  ['abcdefghij', 'ABCDEFGHIJK', 'the ', ' of', 'aa', 'zzzzz', 'internationalization'],
  Array.from('ʕʰˈ·’:\u0387\u088f\u1c89\ua7cb\u{10d50}\u{16ea0}\u{31350}'),
]

/** Up to sixty pieces, of a few difficult kinds or of any code points. */
export function hostileText(random: Random): string {
  const chosen = Array.from({ length: 1 + random(5) }, () => pools[random(pools.length)] as readonly string[])
  let text = ''
  for (let pieces = random(60); pieces > 0; pieces--) {
    const pool = chosen[random(chosen.length)] as readonly string[]
    if (random(8) === 0) text += String.fromCodePoint(random(random(2) === 0 ? 0x3000 : 0x110000))
    else text += pool[random(pool.length)] as string
    if (random(10) === 0) text += ' '
  }
  return text
}
