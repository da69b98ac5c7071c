/**
 * Where `src/regex/unicode-data.ts` comes from: the properties that this Node.js knows. Run as a program it
 * prints that file:
 *
 *     node rules/test/unicode-source.ts >rules/src/regex/unicode-data.ts
 *
 * The tables are kept rather than asked for at run time, so that a rule means the same wherever it is compiled.
 */
const CODE_POINTS = 0x110000;
/** As the formatter wants it. */
const LINE_MAX = 121;

const CATEGORIES = "Cc Cf Cn Co Cs Ll Lm Lo Lt Lu Mc Me Mn Nd Nl No Pc Pd Pe Pf Pi Po Ps Sc Sk Sm So Zl Zp Zs".split(
  " ",
);

const SCRIPTS = `
  Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Beria_Erfe
  Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham
  Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra
  Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Garay Georgian Glagolitic Gothic Grantha Greek Gujarati
  Gunjala_Gondi Gurmukhi Gurung_Khema Hangul Han Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic
  Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi
  Khitan_Small_Script Khmer Khojki Khudawadi Kirat_Rai Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian
  Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui
  Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari
  New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Ol_Onal Old_Hungarian Old_Italic
  Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya
  Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada
  Shavian Siddham Sidetic SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Sunuwar Syloti_Nagri Syriac
  Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Tai_Yo Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh
  Tirhuta Todhri Tolong_Siki Toto Tulu_Tigalari Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square
`
  .trim()
  .split(/\s+/);

/** Ranges as alternating distances in base 36: from the end of the last range to the next one, and its length. */
function encode(has: (codePoint: number) => boolean): string {
  const words: string[] = [];
  let end = 0;
  for (let at = 0; at < CODE_POINTS; at++) {
    if (!has(at)) continue;
    const start = at;
    while (at < CODE_POINTS && has(at)) at++;
    words.push((start - end).toString(36), (at - start).toString(36));
    end = at;
  }
  return words.join(" ");
}

function property(name: string): (codePoint: number) => boolean {
  const pattern = new RegExp(`^\\p{${name}}`, "u");
  return (codePoint) => pattern.test(String.fromCodePoint(codePoint));
}

/** Code points that differ in case alone, each group ascending, groups by their first: its value, then distances. */
function orbits(): string {
  const cased = property("Changes_When_Casemapped");
  const folded = property("Changes_When_Casefolded");
  const candidates: string[] = [];
  for (let at = 0; at < CODE_POINTS; at++) if (cased(at) || folded(at)) candidates.push(String.fromCodePoint(at));
  const text = candidates.join("");
  const seen = new Set<string>();
  const groups: string[] = [];
  for (const one of candidates) {
    if (seen.has(one)) continue;
    const group = text.match(new RegExp(one, "giu")) ?? [];
    for (const other of group) seen.add(other);
    if (group.length < 2) continue;
    const points = group.map((other) => other.codePointAt(0) as number).sort((a, b) => a - b);
    groups.push(points.map((point, i) => (point - (points[i - 1] ?? 0)).toString(36)).join(" "));
  }
  return groups.join(",");
}

function table(names: readonly string[], prefix: string): string {
  return names
    .map((name) => {
      const value = `"${encode(property(prefix + name))}",\n`;
      return name.length <= 3 || name.length + value.length <= LINE_MAX - 4
        ? `  ${name}: ${value}`
        : `  ${name}:\n    ${value}`;
    })
    .join("");
}

/** @returns the text of the module */
export function unicodeSource(): string {
  return `/**
 * Unicode properties, generated: \`test/unicode-source.ts\` describes the encodings and prints this file.
 */
export const UNICODE_VERSION = "${process.versions["unicode"]}";

export const CATEGORIES: Readonly<Record<string, string>> = {
${table(CATEGORIES, "gc=")}};

export const SCRIPTS: Readonly<Record<string, string>> = {
${table(SCRIPTS, "sc=")}};

export const CASE_ORBITS =
  "${orbits()}";
`;
}

if (import.meta.main) process.stdout.write(unicodeSource());
