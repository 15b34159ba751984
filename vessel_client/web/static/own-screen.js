// @ts-check
/** Tells the vessel's own screen from a phone. */

/** Whether this browser runs on the box itself. */
export function isOwnScreen() {
  return ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
}
