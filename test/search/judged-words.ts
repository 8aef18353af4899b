// A small catalogue in many scripts and languages, and queries of it graded by hand.
import type { Language } from '../../domain/words/stems.ts';
import { judgedIn, type Judged } from './judged-queries.ts';

export interface JudgedProduct {
  id: number;
  name: string;
  description: string;
  /** Options of variants, by name; each value is a variant. */
  options: Record<string, string[]>;
}

export interface JudgedStore {
  language: Language;
  products: JudgedProduct[];
  queries: Judged[];
}

/** One line a product: its id, name, description, and options. */
const INTERNATIONAL = `
  1 | 手摇咖啡磨豆机 | 陶瓷磨芯，便携可水洗，家用。 |
  2 | 电动咖啡磨豆机 | 不锈钢刀片，一键研磨。 |
  3 | 意式半自动咖啡机 | 15 bar，打奶泡，不锈钢机身。 |
  4 | 云南小粒咖啡豆 500g | 中度烘焙，香气浓郁。 |
  5 | 挂耳咖啡 10包 | 现磨咖啡粉，办公室冲泡。 |
  6 | 不锈钢保温杯 500ml | 保温十二小时，适合泡茶。 |
  7 | 玻璃茶杯 | 双层隔热，带滤网。 |
  8 | 云南红茶 200g | 滇红，一芽二叶。 |
  9 | 龙井绿茶 礼盒 | 明前采摘，清香。 |
  10 | 男士运动鞋 透气 | 网面，轻便，适合跑步。 |
  11 | 女士跑步鞋 | 缓震，防滑。 |
  12 | ドリップコーヒーセット | サーバー、ドリッパー、フィルター付き。 |
  13 | コーヒーミル 手動 | セラミック刃で均一に挽けます。 |
  14 | 焙煎コーヒー豆 200g | エチオピア産、深煎り。 |
  15 | ステンレスボトル 500ml | 保温保冷、軽量。 |
  16 | 抹茶茶碗 | 美濃焼、手作り。 |
  17 | ランニングシューズ メンズ | 軽量で通気性の良いシューズ。 |
  18 | スニーカー レディース | 普段履きに。 |
  19 | 핸드드립 커피세트 | 드리퍼와 서버, 필터 포함. |
  20 | 커피머신 자동 | 원두 그라인더 내장. |
  21 | 운동화 남성용 | 가볍고 편안한 신발. |
  22 | เครื่องชงกาแฟ | อัตโนมัติ พร้อมหัวตีฟองนม |
  23 | กาแฟคั่วบด 250 กรัม | อาราบิก้าแท้จากดอยช้าง |
  24 | รองเท้าวิ่งผู้ชาย | น้ำหนักเบา ระบายอากาศ |
  25 | ชาเขียวมัทฉะ | ผงชาจากญี่ปุ่น |
  26 | Łopata do śniegu | Aluminiowa, z drewnianym trzonkiem. |
  27 | Øreringe i sølv | Håndlavede, med perle. |
  28 | Weiße Straßenschuhe | Leicht und atmungsaktiv. |
  29 | Crème brûlée torch | Refillable kitchen torch with safety lock. |
  30 | Smørkniv i eik | Håndlaget i Norge. |
  31 | Çay bardağı seti | İnce belli, altı parça. |
  32 | Đèn bàn LED | Ánh sáng ấm, ba mức sáng. |
  33 | Hex bolt M8x20 stainless | Pack of 50, A2 steel. |
  34 | Hex bolt M8x30 stainless | Pack of 50, A2 steel. |
  35 | Hex bolt M6x20 stainless | Pack of 100, A2 steel. |
  36 | Brass elbow 1/2 inch | Compression fitting for water. |
  37 | Brass elbow 3/4 inch | Compression fitting for water. |
  38 | Ball valve ½" | Full bore, with lever. |
  39 | Garden hose 1/2" | Kink free, 15 m. |
  40 | USB-C cable 1.5 m | Braided, 60 W charging. |
  41 | USB-C cable 15 cm | Short, for power banks. |
  42 | HDMI cable 1,5m | High speed with ethernet. |
  43 | HDMI cable 5 m | High speed with ethernet. |
  44 | Photo frame 10x15 cm oak | Solid oak with real glass. |
  45 | Photo frame 13x18 cm oak | Solid oak with real glass. |
  46 | Photo paper 10 x 15 glossy | 100 sheets for inkjet printers. |
  47 | Dishwasher KDP601A1MMS2D | 14 place settings, 44 dB. |
  48 | Dishwasher KDP705B2 | 12 place settings, 48 dB. |
  49 | Battery charger 12V | For car batteries, with clamps. |
  50 | LED strip 12 V warm white | Self-adhesive, 5 m. |
  51 | LED strip 24V warm white | Self-adhesive, 5 m. |
  52 | Headphones WH-1000XM4 | Over-ear, noise cancelling. |
  53 | Earbuds WF-1000XM5 | In-ear, noise cancelling. |
  54 | Clear case for iPhone15 | Scratch resistant. |
  55 | Clear case for iPhone 14 | Scratch resistant. |
  56 | Cotton T-shirt | Soft jersey. | Colour=Red,Navy; Size=S,M,L
  57 | Linen shirt | Airy summer shirt. | Colour=White,Navy; Size=M,L
  58 | Wool socks | Warm, for boots. | Colour=Red,Grey; Size=36-38,39-41`;

const GERMAN = `
  1 | Kaffeemaschine mit Mahlwerk | Mahlt frisch, brüht zehn Tassen. |
  2 | Entkalker für Kaffeemaschinen | Flüssig, für alle Geräte. |
  3 | Wanderschuhe für Damen | Wasserdicht, mit griffiger Sohle. |
  4 | Wanderschuh Herren | Knöchelhoch, aus Leder. |
  5 | Blumentöpfe aus Ton | Drei Größen, mit Untersetzern. |
  6 | Kinderfahrrad 20 Zoll | Mit Stützrädern und Klingel. |
  7 | Fahrradständer für zwei Räder | Verzinkt, für Wand und Boden. |
  8 | Häkelnadeln im Set | Zehn Stärken, ergonomisch. |
  9 | Weingläser, 6 Stück | Kristallglas, spülmaschinenfest. |
  10 | Bücherregal Eiche | Fünf Böden, massiv. |
  11 | Regenjacken für Kinder | Mit Kapuze, reflektierend. |
  12 | Winterjacke Damen | Gefüttert, mit Kapuze. |
  13 | Große Salatschüsseln | Aus Bambus, lebensmittelecht. |`;

const FRENCH = `
  1 | Cafetière italienne 6 tasses | En aluminium, pour tous feux. |
  2 | Tasses à café émaillées | Lot de quatre, style vintage. |
  3 | Chaussures de randonnée femme | Imperméables, semelle crantée. |
  4 | Bottes de pluie enfant | Caoutchouc naturel. |
  5 | Rideaux en lin | Lot de deux, œillets. |
  6 | Moule à gâteau | Antiadhésif, 24 cm. |
  7 | Vélo pliant | Six vitesses, cadre en acier. |
  8 | Chevaux de bois | Jouets peints à la main. |
  9 | Journal intime en cuir | Papier ivoire, fermoir. |
  10 | Cahiers d'exercices | Lot de cinq, grands carreaux. |
  11 | Chapeau de paille | Bord large, ruban noir. |
  12 | Lampes de bureau | Orientables, lumière chaude. |
  13 | Sacs à dos légers | Vingt litres, repliables. |`;

/** One line a query: the typed text, then the ids of grade 3, of grade 2, of grade 1. */
const IN_MANY_SCRIPTS = {
  'without blanks': `
    咖啡 | 4,5 | 1,2,3 |
    咖啡机 | 3 | |
    磨豆机 | 1,2 | |
    手摇磨豆机 | 1 | 2 |
    保温杯 500ml | 6 | |
    茶 | 8,9 | | 7,16
    绿茶 | 9 | | 8
    运动鞋 | 10 | | 11
    コーヒー | 12,14 | 13 |
    コーヒー豆 | 14 | |
    ｺｰﾋｰﾐﾙ | 13 | |
    ランニング シューズ | 17 | | 18
    커피 | 19 | 20 |
    커피 머신 | 20 | |
    กาแฟ | 23 | 22 |
    รองเท้า | 24 | |
    ชา | 25 | |`,
  'folded letters': `
    lopata do sniegu | 26 | |
    strassenschuhe | 28 | |
    oreringe solv | 27 | |
    creme brulee | 29 | |
    smorkniv | 30 | |
    cay bardagi | 31 | |
    den ban | 32 | |`,
  numbers: `
    M8 | 33,34 | |
    m8 x 20 | 33 | | 34
    hex bolt m6x20 | 35 | | 33
    1/2 inch elbow | 36 | | 37
    1/2" | 36,38,39 | |
    ½ inch valve | 38 | |
    usb c cable 1,5 m | 40 | | 41
    hdmi 1.5m | 42 | | 43
    10 x 15 | 44,46 | |
    10x15 cm frame | 44 | | 45
    KDP601A1MMS2D | 47 | |
    kdp601 | 47 | |
    kdp6 | 47 | |
    12V | 49,50 | |
    led strip 12 volt | 50 | | 51
    wh1000xm4 | 52 | |
    1000XM4 | 52 | |
    iphone 15 case | 54 | | 55`,
  options: `
    red t-shirt | 56 | |
    white shirt | 57 | | 56
    navy shirt | 56,57 | |
    red socks | 58 | |`,
};

const IN_GERMAN = {
  German: `
    kaffeemaschinen | 1 | 2 |
    wanderschuh | 3,4 | |
    wanderschuhe herren | 4 | 3 |
    blumentopf | 5 | |
    kinderfahrräder | 6 | |
    fahrrad | 6 | | 7
    häkelnadel | 8 | |
    weinglas | 9 | |
    bucherregale | 10 | |
    regenjacke für kind | 11 | | 12
    grosse salatschüssel | 13 | |`,
};

const IN_FRENCH = {
  French: `
    cafetieres | 1 | |
    tasse à café | 2 | | 1
    chaussure de randonnée | 3 | |
    botte enfants | 4 | |
    rideau lin | 5 | |
    moules à gâteaux | 6 | |
    velos pliants | 7 | |
    cheval | 8 | |
    journaux | 9 | |
    chapeaux | 11 | |
    lampe bureau | 12 | |
    sac à dos léger | 13 | |`,
};

const optionsIn = (text: string): Record<string, string[]> =>
  Object.fromEntries(
    text
      .split(';')
      .filter((one) => one.includes('='))
      .map((one) => {
        const [name = '', values = ''] = one.split('=');
        return [name.trim(), values.trim().split(',')];
      }),
  );

const productsIn = (lines: string): JudgedProduct[] =>
  lines
    .split('\n')
    .filter((line) => line.includes('|'))
    .map((line) => {
      const [id, name = '', description = '', options = ''] = line
        .split('|')
        .map((one) => one.trim());
      return { id: Number(id), name, description, options: optionsIn(options) };
    });

export const judgedStores: JudgedStore[] = [
  { language: 'en', products: productsIn(INTERNATIONAL), queries: judgedIn(IN_MANY_SCRIPTS) },
  { language: 'de', products: productsIn(GERMAN), queries: judgedIn(IN_GERMAN) },
  { language: 'fr', products: productsIn(FRENCH), queries: judgedIn(IN_FRENCH) },
];
