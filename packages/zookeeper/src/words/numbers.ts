/** Numbers and addresses as ZooKeeper's words write them. */

/** `0x` and hexadecimal digits, of negative numbers as 64 bits. */
export function hex(number: number): string {
  return `0x${number < 0 ? BigInt.asUintN(64, BigInt(number)).toString(16) : number.toString(16)}`;
}

/** With at most four decimals and at least one, as `3.6` or `0.0`. */
export function decimal(number: number): string {
  const rounded = Math.round(number * 10_000) / 10_000;
  return Number.isInteger(rounded) ? `${rounded}.0` : `${rounded}`;
}

/** `/127.0.0.1:2181`, `/[::1]:2181`. */
export function socketAddress(address: string, port: number): string {
  return `/${address.includes(':') ? `[${address}]` : address}:${port}`;
}
