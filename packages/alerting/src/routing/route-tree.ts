import type { Route } from '@tillwatch/config';
import { compareText, type Labels, type Matcher } from '@tillwatch/model';

/** A route with its names. Options are those of `route`, where the configuration's inheritance has been applied already. */
export interface RouteNode {
  readonly route: Route;
  /** Alertmanager's route key, the first half of every group key: `{}/{team="checkout"}`. Siblings can share it. */
  readonly key: string;
  /** Unique in the tree: the key with each route's place among its siblings. */
  readonly id: string;
  readonly children: readonly RouteNode[];
}

/** Names every route of a tree. */
export function routeTree(root: Route): RouteNode {
  return name(root, undefined, 0);
}

function name(route: Route, parent: RouteNode | undefined, index: number): RouteNode {
  const own = matchersText(route.matchers);
  const node = {
    route,
    key: parent === undefined ? own : `${parent.key}/${own}`,
    id: parent === undefined ? own : `${parent.id}/${own}/${index}`,
    children: [] as RouteNode[],
  };
  node.children = route.routes.map((child, i) => name(child, node, i));
  return node;
}

function matchersText(matchers: readonly Matcher[]): string {
  const sorted = [...matchers].sort(
    (a, b) => compareText(a.name, b.name) || compareText(a.value, b.value) || compareText(a.op, b.op),
  );
  return `{${sorted.join(',')}}`;
}

/**
 * The routes that an alert takes, in order: the deepest that match; a route's siblings only when it says `continue`. The
 * root takes what nobody else takes.
 */
export function matchRoutes(node: RouteNode, labels: Labels): RouteNode[] {
  if (!node.route.matchers.every((matcher) => matcher.matchesLabels(labels))) return [];
  const taken: RouteNode[] = [];
  for (const child of node.children) {
    const below = matchRoutes(child, labels);
    taken.push(...below);
    if (below.length > 0 && !child.route.continue) break;
  }
  return taken.length > 0 ? taken : [node];
}

/** Every route of a tree, parents first. */
export function allRoutes(node: RouteNode): RouteNode[] {
  return [node, ...node.children.flatMap(allRoutes)];
}

/** The labels by which a route groups an alert. */
export function groupLabelsOf(route: Route, labels: Labels): Labels {
  return route.groupByAll ? labels : labels.keep(route.groupBy);
}

/** Alertmanager's name of a group, which receivers see: `{}/{team="checkout"}:{alertname="Slow", cluster="eu"}`. */
export function groupKeyOf(node: RouteNode, groupLabels: Labels): string {
  return `${node.key}:${labelSetText(groupLabels)}`;
}

function labelSetText(labels: Labels): string {
  return `{${[...labels].map(([labelName, value]) => `${labelName}=${JSON.stringify(value)}`).join(', ')}}`;
}
