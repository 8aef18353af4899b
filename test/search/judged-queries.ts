// Queries over the 101 outdoor products with their relevant products, graded by hand.

/** Ids by grade: 3 is the intended product, 2 serves as well, 1 is better than nothing. */
export interface Judged {
  query: string;
  kind: string;
  grades: Map<number, number>;
}

/** One line a query: the typed text, then the ids of grade 3, of grade 2, of grade 1. */
const JUDGED = {
  'exact name': `
    Wanderer Black Hiking Boots | 1 | 21 |
    wanderer black hiking boots | 1 | 21 |
    Trailblaze hiking backpack | 13 | 94,24 |
    TRAVELER'S COMPANION DUFFEL BAG | 56 | |
    Carbon Fiber Trekking Poles | 6,35 | |
    Gravity Harness | 84 | |
    Blizzard Snowboard | 92 | 83,5 |
    Apex Climbing Harness | 17,74 | |
    Alpine AlpinePack Backpack | 88 | |
    Compass Pro A-320 Professional Compass | 66 | |
    Omni-Snow Dual Snowboard | 73 | |
    Summit Pro Down Jacket | 89 | |`,
  partial: `
    ice axe | 47 | |
    chalk bag | 31,51 | |
    hiking boots | 1 | 71 |
    climbing shoes | 11 | |
    dry bag | 97 | |
    trail running shoes | 40,57,91 | 19 |
    down jacket | 28,89 | |
    softshell | 68 | |
    gps watch | 9,29,59,80,90,99 | |
    gps navigator | 50,69 | 38 | 9
    snowboard boots | 60 | |
    2-person tent | 77,87 | |
    45L backpack | 7,27,48 | |
    summit pro | 2,15,23,44,89 | |
    bike helmet | 10,25,34,58,86 | 65,76,95 |
    venture snowboard | 22 | |
    headl | 54,85 | |`,
  plural: `
    jackets | 8,15,28,37,49,55,68,79,89,98 | |
    helmets | 10,25,34,58,65,76,86,95 | |
    tent | 45,77,87,96 | |
    harnesses | 2,17,23,44,63,74,84,93 | |
    watches | 9,29,59,80,90,99 | |
    headlamps | 54,85 | |
    goggle | 3,16,30,39,82 | |
    crampon | 18 | |
    duffel bags | 56,67 | 14,78 |
    hiking pole | 70 | 6,35,100 |`,
  misspelt: `
    jaket | 8,15,28,37,49,55,68,79,89,98 | |
    backpak | 4,7,13,24,27,48,52,64,88,94 | |
    snowbord | 5,12,22,32,43,53,62,73,83,92 | 60 |
    harnes | 2,17,23,44,63,74,84,93 | |
    gogles | 3,16,30,39,82 | |
    trekkng poles | 6,35,100 | 70 |
    compas | 66 | |
    hlmet | 10,25,34,58,65,76,86,95 | |
    climbimg rope | 26 | |
    waterprof jacket | 37 | 15,55,98 |
    insualted jacket | 8,15,49,55,79 | |
    headlmap | 54,85 | |
    snow board | 5,12,22,32,43,53,62,73,83,92 | 60 |
    daybrid | 1,13,25,39,49,53,62,71,85,92 | |
    gravitatr | 2,14,26,30,32,42,54,69,72,84,94 | |`,
  brand: `
    Daybird | 1,13,25,39,49,53,62,71,85,92 | |
    solstix | 7,16,28,38,45,55,65,78,99 | |
    B&R | 5,20,29,36,46,56,66,76,90,96 | |
    raptor elite | 6,15,22,35,44,58,63,74,86,93,101 | |
    green equipment | 10,19,27,40,64,88,100 | |
    XE tent | 77,87 | |
    legend jacket | 79,89,98 | |
    grolltex crampons | 18 | |
    airstrider hiking shoes | 75,81 | |
    quester | 4,59,67,97 | |
    zephyr snowboard | 12,83 | |`,
  type: `
    footwear | 1,19,21,33,40,41,57,61,71,75,81,91,101 | |
    bags | 4,7,13,14,24,27,31,36,48,51,52,56,64,67,78,88,94,97 | |
    navigation | 9,20,29,38,50,59,66,69,80,90,99 | |
    trekking | 6,35,45,54,70,77,85,87,96,100 | |
    cycling | 10,25,34,46,58,65,76,86,95 | |
    climbing | 2,11,17,18,23,26,31,44,47,51,63,74,84,93 | |
    ski boarding | 3,5,12,16,22,30,32,39,42,43,53,60,62,72,73,82,83,92 | |
    skis | 42,72 | 30,82 | 3,5,12,16,22,32,39,43,53,60,62,73,83,92`,
  attribute: `
    red bike helmet | 34 | 86 |
    black snowboard | 62 | 5,53,73,83 |
    waterproof duffel bag | 67 | 14,56 |
    carbon helmet | 65,76 | |
    insulated jacket | 8,15,49,55,79 | |
    purple snowboard | 32 | |
    black hiking shoes | 21 | 1 |
    green backpack | 64 | 13,27,88,7 |
    all-mountain skis | 42,72 | |
    camping tent | 96 | 45,87,77 |
    navy blue backpack | 52 | 88 |
    cycling jersey | 46 | |
    hiking poles for climbers | 70 | 6,35,100 |
    steel-blue shoes | 61 | |`,
  nonsense: `
    xqzvwk | | |
    asdfgh qwrtzp | | |
    zzzzzzzz | | |`,
};

const idsOf = (list: string | undefined): number[] =>
  (list ?? '').split(',').flatMap((id) => (id.trim() === '' ? [] : [Number(id)]));

const judgedOf = (kind: string, line: string): Judged => {
  const [query = '', ...lists] = line.split('|').map((part) => part.trim());
  const grades = lists.flatMap((list, at) => idsOf(list).map((id) => [id, 3 - at] as const));
  return { query, kind, grades: new Map(grades) };
};

/** The queries of each kind, one a line. */
export const judgedIn = (kinds: Record<string, string>): Judged[] =>
  Object.entries(kinds).flatMap(([kind, lines]) =>
    lines
      .split('\n')
      .filter((line) => line.includes('|'))
      .map((line) => judgedOf(kind, line)),
  );

export const judgedQueries: Judged[] = judgedIn(JUDGED);
