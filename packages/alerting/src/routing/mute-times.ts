import { type AlertmanagerConfig, isInTimeIntervals, type Route } from '@tillwatch/config';

/**
 * The names of the time intervals because of which a route is quiet: mute intervals that it lies in, and its active
 * intervals when it lies in none of them. Empty when the route may speak.
 */
export function mutedBy(route: Route, intervals: AlertmanagerConfig['timeIntervals'], nowMs: number): string[] {
  if (route.muteTimeIntervals.length === 0 && route.activeTimeIntervals.length === 0) return [];
  const isIn = (name: string) => {
    const interval = intervals.find((candidate) => candidate.name === name);
    return interval !== undefined && isInTimeIntervals(interval.intervals, nowMs);
  };
  const muting = route.muteTimeIntervals.filter(isIn);
  const isActive = route.activeTimeIntervals.length === 0 || route.activeTimeIntervals.some(isIn);
  return isActive ? muting : [...muting, ...route.activeTimeIntervals];
}
