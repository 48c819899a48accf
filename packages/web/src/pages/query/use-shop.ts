import { useEffect, useState } from 'preact/hooks';
import type { LiveState } from '../../api/index.ts';

/** Whose page this is; the browser's own language and zone until that is known, and where no shop is described. */
export function useShop(): LiveState['shop'] {
  const [shop, setShop] = useState<LiveState['shop']>(() => ({
    name: '',
    currency: '',
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    language: navigator.language,
  }));
  useEffect(() => {
    const abort = new AbortController();
    fetch('/api/tillwatch/state', { signal: abort.signal })
      .then((response) => response.json() as Promise<LiveState>)
      .then((state) => state.shop.name !== '' && setShop(state.shop))
      // Queries work without; what is wrong will be said by them.
      .catch(() => undefined);
    return () => abort.abort();
  }, []);
  return shop;
}
