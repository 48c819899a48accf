/** What is drawn for a product: a bag of coffee in its colours, or a piece of equipment. */
export type Picture =
  | { readonly kind: 'bag'; readonly scene: 'peaks' | 'sunrise' | 'river' | 'forest' | 'night' | 'valley' }
  | { readonly kind: 'dripper' | 'mug' | 'grinder' };

/** One article of the shop. Money is in cents, weight in grams. */
export interface Product {
  readonly slug: string;
  readonly name: string;
  readonly tagline: string;
  readonly description: string;
  readonly notes: readonly string[];
  readonly origin: string;
  readonly roast: number;
  readonly priceCents: number;
  readonly weightGrams: number;
  readonly unit: string;
  readonly picture: Picture;
}

/** The article that a promotion is about; stock-errors oversells it. */
export const PROMOTED = 'gipfel';

/** Everything the shop sells. The database gets its product rows from here when it is created. */
export const CATALOGUE: readonly Product[] = [
  {
    slug: 'gipfel',
    name: 'Gipfel',
    tagline: 'The house espresso',
    description:
      'Dense, sweet and patient. A blend of two washed lots that we roast a little longer than fashion allows, because it was never made for fashion. Pulls easily, forgives a hurried morning.',
    notes: ['dark chocolate', 'hazelnut', 'orange peel'],
    origin: 'Brazil and Guatemala',
    roast: 4,
    priceCents: 1290,
    weightGrams: 350,
    unit: '350 g, whole bean',
    picture: { kind: 'bag', scene: 'peaks' },
  },
  {
    slug: 'erstes-licht',
    name: 'Erstes Licht',
    tagline: 'A bright breakfast filter',
    description:
      'Picked high, dried slowly and roasted lightly, so that the fruit stays in the cup. Best as a filter coffee, best before anybody else is up.',
    notes: ['apricot', 'jasmine', 'honey'],
    origin: 'Yirgacheffe, Ethiopia',
    roast: 1,
    priceCents: 1590,
    weightGrams: 250,
    unit: '250 g, whole bean',
    picture: { kind: 'bag', scene: 'sunrise' },
  },
  {
    slug: 'wildbach',
    name: 'Wildbach',
    tagline: 'Clear, cold and lively',
    description:
      'A washed coffee with the clean acidity of a red apple. We like it over ice as much as we like it hot, which is why it has a river on the bag.',
    notes: ['red apple', 'cane sugar', 'black tea'],
    origin: 'Huila, Colombia',
    roast: 2,
    priceCents: 1450,
    weightGrams: 250,
    unit: '250 g, whole bean',
    picture: { kind: 'bag', scene: 'river' },
  },
  {
    slug: 'tannengrund',
    name: 'Tannengrund',
    tagline: 'For milk, and for winter',
    description:
      'Round and spicy, with enough weight to hold its own in milk. Wet-hulled, rested for months, and roasted on the coldest day of the week.',
    notes: ['cedar', 'cocoa', 'clove'],
    origin: 'Aceh, Sumatra',
    roast: 5,
    priceCents: 1390,
    weightGrams: 350,
    unit: '350 g, whole bean',
    picture: { kind: 'bag', scene: 'forest' },
  },
  {
    slug: 'nachtzug',
    name: 'Nachtzug',
    tagline: 'Decaf that nobody notices',
    description:
      'Decaffeinated with water alone and treated as a proper coffee ever after. Serve it late, and say nothing.',
    notes: ['toffee', 'plum', 'malt'],
    origin: 'Chiapas, Mexico',
    roast: 3,
    priceCents: 1490,
    weightGrams: 250,
    unit: '250 g, whole bean',
    picture: { kind: 'bag', scene: 'night' },
  },
  {
    slug: 'almwiese',
    name: 'Almwiese',
    tagline: 'A rare natural lot',
    description:
      'Eighty bags a year come from this one slope, dried in the whole fruit on raised beds. Wild strawberry in the nose; a long, floral end.',
    notes: ['strawberry', 'elderflower', 'vanilla'],
    origin: 'Tarrazú, Costa Rica',
    roast: 2,
    priceCents: 2190,
    weightGrams: 250,
    unit: '250 g, whole bean',
    picture: { kind: 'bag', scene: 'valley' },
  },
  {
    slug: 'trichter',
    name: 'Trichter',
    tagline: 'Hand-thrown pour-over dripper',
    description:
      'Stoneware with a slow spiral inside, thrown by a potter two valleys over. Holds its heat through a whole pot. Takes any cone filter of size 02.',
    notes: ['stoneware', 'size 02', 'dishwasher safe'],
    origin: 'Made in the Allgäu',
    roast: 0,
    priceCents: 3400,
    weightGrams: 620,
    unit: 'one piece',
    picture: { kind: 'dripper' },
  },
  {
    slug: 'becher',
    name: 'Hüttenbecher',
    tagline: 'Enamel mug, 300 ml',
    description:
      'Light, unbreakable for all we know, and the better for every dent. Warm to hold and quick to cool a coffee that is too hot.',
    notes: ['enamelled steel', '300 ml', 'campfire proof'],
    origin: 'Made in Austria',
    roast: 0,
    priceCents: 1850,
    weightGrams: 210,
    unit: 'one piece',
    picture: { kind: 'mug' },
  },
  {
    slug: 'muehle',
    name: 'Mühle No. 3',
    tagline: 'Hand grinder with steel burrs',
    description:
      'Forty clicks between a moka pot and a French press, each of them where you left it. Beech and brushed steel; all of it can be taken apart.',
    notes: ['conical burrs', '30 g', '40 settings'],
    origin: 'Made in the Black Forest',
    roast: 0,
    priceCents: 8900,
    weightGrams: 540,
    unit: 'one piece',
    picture: { kind: 'grinder' },
  },
];

const BY_SLUG: ReadonlyMap<string, Product> = new Map(CATALOGUE.map((product) => [product.slug, product]));

export function findProduct(slug: string): Product | undefined {
  return BY_SLUG.get(slug);
}
