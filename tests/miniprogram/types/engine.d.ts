// What only some engines have: code may ask with `typeof`, and nothing else.

declare const TextEncoder: unknown;
// biome-ignore lint/suspicious/noShadowRestrictedNames: it says what is there, and makes nothing.
declare const WeakRef: unknown;
// biome-ignore lint/suspicious/noShadowRestrictedNames: it says what is there, and makes nothing.
declare const FinalizationRegistry: unknown;
declare const queueMicrotask: unknown;
declare const AbortController: unknown;
