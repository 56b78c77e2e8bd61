/**
 * Keeps package-lock.json fit for every platform.
 *
 * Some packages bring a binary for each platform as an optional dependency. Where a registry lacks one of them, `npm
 * install` leaves it out of the lock file, and from then on `npm ci` refuses the file everywhere ("Missing: … from lock
 * file"). An entry without a checksum is enough for npm: it is only fetched on its own platform.
 */

/**
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [link]
 * @property {boolean} [dev]
 * @property {boolean} [optional]
 * @property {string[]} [cpu]
 * @property {string[]} [os]
 * @property {string[]} [libc]
 * @property {string} [resolved]
 * @property {Record<string, string>} [optionalDependencies]
 *
 * @typedef {Record<string, LockEntry>} LockEntries by the folder of the package, `node_modules/…`
 */

/** The end of such a package's name: system, processor and, on Linux, the C library. */
const platform = /[-.](android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-([a-z]+))?$/;

/**
 * The entries that a lock file lacks.
 *
 * @param {LockEntries} entries
 * @returns {LockEntries}
 */
export function missingEntries(entries) {
  /** @type {LockEntries} */
  const missing = {};
  for (const [folder, { dev, optionalDependencies = {} }] of Object.entries(entries)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (`${folder}/node_modules/${name}` in entries || `node_modules/${name}` in entries) continue;
      missing[`node_modules/${name}`] = { version, ...platformOf(name), ...(dev ? { dev } : {}), optional: true };
    }
  }
  return missing;
}

/** @returns {Pick<LockEntry, 'os' | 'cpu' | 'libc'>} */
function platformOf(/** @type {string} */ name) {
  const [, os, cpu, library] = platform.exec(name) ?? [];
  if (os === undefined || cpu === undefined) return {};
  const libc = os !== 'linux' || library === undefined ? {} : { libc: [library.startsWith('musl') ? 'musl' : 'glibc'] };
  return { cpu: [cpu], ...libc, os: [os] };
}

/**
 * A lock file with nothing missing, entries in npm's order.
 *
 * @param {string} text
 * @returns {string} the same text where nothing was missing
 */
export function completeLockFile(text) {
  const lock = /** @type {{ packages: LockEntries }} */ (JSON.parse(text));
  const missing = missingEntries(lock.packages);
  if (Object.keys(missing).length === 0) return text;
  const entries = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, 'en'));
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(entries) }, null, 2)}\n`;
}

/**
 * True where node_modules holds what the lock file says. Contents are compared, not times: a fresh clone or a copied
 * folder has new times and old contents.
 *
 * @param {LockEntries} wanted of package-lock.json
 * @param {LockEntries} installed of node_modules/.package-lock.json
 */
export function isInstalled(wanted, installed) {
  return Object.entries(wanted).every(([folder, entry]) => {
    if (!folder.startsWith('node_modules/')) return true;
    const found = installed[folder];
    if (!found) return entry.optional === true;
    return found.version === entry.version && found.resolved === entry.resolved;
  });
}
