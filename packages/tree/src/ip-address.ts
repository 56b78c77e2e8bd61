/**
 * IP addresses and networks in text, as the `ip` scheme of ACLs has them: `10.0.0.0/8`, `192.168.1.7`, `fe80::/10`,
 * `::1`. Stricter than most: four decimal parts without leading zeros, no zone in a network. The two families never match
 * each other; whoever has an IPv4 address in IPv6 form must unwrap it first.
 */

/** The bytes of an address: 4 or 16; undefined where the text is none. A zone (`%eth0`) of an IPv6 address is left out. */
export function parseAddress(text: string): number[] | undefined {
  if (!text.includes(':')) return parseIpv4(text);
  const zone = text.indexOf('%');
  return parseIpv6(zone < 0 ? text : text.slice(0, zone));
}

/** An address with the number of leading bits that count; undefined where the text is none. */
export function parseNetwork(text: string): { readonly bytes: readonly number[]; readonly bits: number } | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const bytes = address.includes('%') ? undefined : parseAddress(address);
  if (bytes === undefined) return undefined;
  const all = bytes.length * 8;
  if (slash < 0) return { bytes, bits: all };
  const bits = text.slice(slash + 1);
  return /^\d{1,3}$/.test(bits) && Number(bits) <= all ? { bytes, bits: Number(bits) } : undefined;
}

/** True where the address lies in the network. Text that is neither matches nothing. */
export function inNetwork(addressText: string, networkText: string): boolean {
  const address = parseAddress(addressText);
  const network = parseNetwork(networkText);
  if (address === undefined || network === undefined || address.length !== network.bytes.length) return false;
  const whole = network.bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== network.bytes[i]) return false;
  const rest = network.bits & 7;
  return rest === 0 || ((address[whole]! ^ network.bytes[whole]!) & (0xff << (8 - rest)) & 0xff) === 0;
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return parts.map(Number);
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = ipv6Groups(halves[0]!, halves.length === 1);
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? head : undefined;
  const tail = ipv6Groups(halves[1]!, true);
  if (tail === undefined || head.length + tail.length > 14) return undefined;
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

/** The bytes of groups between colons; the last one of an address may be an IPv4 address. */
function ipv6Groups(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (isEnd && i === groups.length - 1 && group.includes('.')) {
      const last = parseIpv4(group);
      if (last === undefined) return undefined;
      bytes.push(...last);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}
