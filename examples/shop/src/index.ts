export { CHANNELS, CURRENCY, METHODS, PROVIDERS, REGIONS, STEPS } from './domain/journey.ts';
export { type Expectation, FAULT_NAMES, FAULTS, type Fault, type FaultName } from './faults/table.ts';
export type { ShopLog } from './shop/checkout.ts';
export type { ShopStats } from './shop/stats.ts';
export { type Shop, type ShopOptions, startShop } from './start-shop.ts';
export type { TrafficStats } from './traffic/generator.ts';
